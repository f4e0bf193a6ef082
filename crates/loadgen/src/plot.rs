//! Draws SVG plots: bars for comparisons, lines for growth.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const BAR_HEIGHT: f64 = 18.0;
const NAMES_WIDTH: f64 = 230.0;
const PANEL_HEIGHT: f64 = 240.0;
const INK: &str = "#24292f";
const FIRST: &str = "#0969da";
const OTHERS: &str = "#8c959f";
const COLOURS: [&str; 3] = ["#0969da", "#bc4c00", "#1a7f37"];

/// One panel of horizontal bars; the first one is highlighted.
pub(crate) struct BarChart {
    pub(crate) title: String,
    /// Name, value, and formatted value.
    pub(crate) bars: Vec<(String, f64, String)>,
}

/// One panel of lines over a logarithmic x axis.
pub(crate) struct LineChart {
    pub(crate) title: String,
    pub(crate) x: String,
    /// Name and points. Each line is scaled to its own highest value, which the legend names: the
    /// plot shows whether it bends.
    pub(crate) curves: Vec<(String, Vec<(f64, f64)>)>,
}

pub(crate) fn bars(panels: &[BarChart]) -> String {
    let mut body = String::new();
    let mut y = 10.0;
    for panel in panels {
        text(&mut body, 10.0, y + 14.0, "start", &panel.title, true);
        y += 24.0;
        let highest = panel.bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
        for (at, (name, value, shown)) in panel.bars.iter().enumerate() {
            let length = (WIDTH - NAMES_WIDTH - 110.0) * value / highest.max(f64::MIN_POSITIVE);
            let colour = if at == 0 { FIRST } else { OTHERS };
            text(&mut body, NAMES_WIDTH - 8.0, y + 13.0, "end", name, false);
            push(
                &mut body,
                format_args!(
                    r#"<rect x="{NAMES_WIDTH}" y="{:.1}" width="{length:.1}" height="{:.1}" fill="{colour}"/>"#,
                    y + 2.0,
                    BAR_HEIGHT - 4.0
                ),
            );
            text(
                &mut body,
                NAMES_WIDTH + length + 6.0,
                y + 13.0,
                "start",
                shown,
                false,
            );
            y += BAR_HEIGHT;
        }
        y += 14.0;
    }
    page(&body, y)
}

pub(crate) fn lines(panels: &[LineChart]) -> String {
    let mut body = String::new();
    let mut y = 10.0;
    for panel in panels {
        text(&mut body, 10.0, y + 14.0, "start", &panel.title, true);
        draw_panel(&mut body, panel, y + 24.0);
        y += PANEL_HEIGHT;
    }
    page(&body, y)
}

fn draw_panel(body: &mut String, panel: &LineChart, top: f64) {
    let (left, right, bottom) = (40.0, WIDTH - 280.0, top + PANEL_HEIGHT - 70.0);
    let xs: Vec<f64> = panel
        .curves
        .iter()
        .flat_map(|(_, points)| points.iter().map(|point| point.0))
        .collect();
    let lowest = xs.iter().copied().fold(f64::INFINITY, f64::min).log10();
    let span = (xs.iter().copied().fold(1.0, f64::max).log10() - lowest).max(f64::MIN_POSITIVE);
    let place = |x: f64| left + (right - left) * (x.log10() - lowest) / span;
    push(
        body,
        format_args!(r#"<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="{OTHERS}"/>"#),
    );
    for (at, (name, points)) in panel.curves.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let highest = points.iter().map(|point| point.1).fold(0.0, f64::max);
        let height = |y: f64| bottom - (bottom - top) * 0.95 * y / highest.max(f64::MIN_POSITIVE);
        let mut path = String::new();
        for (x, y) in points {
            let verb = if path.is_empty() { 'M' } else { 'L' };
            push(
                &mut path,
                format_args!("{verb}{:.1} {:.1}", place(*x), height(*y)),
            );
            push(
                body,
                format_args!(
                    r#"<circle cx="{:.1}" cy="{:.1}" r="3" fill="{colour}"/>"#,
                    place(*x),
                    height(*y)
                ),
            );
        }
        push(
            body,
            format_args!(r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>"#),
        );
        let y = top + 14.0 + 18.0 * f64::from(u8::try_from(at).unwrap_or(u8::MAX));
        push(
            body,
            format_args!(
                r#"<rect x="{:.1}" y="{:.1}" width="10" height="10" fill="{colour}"/>"#,
                right + 16.0,
                y - 9.0
            ),
        );
        let legend = format!("{name}, top {}", crate::workload::thousands(highest));
        text(body, right + 32.0, y, "start", &legend, false);
    }
    let mut ticks = xs;
    ticks.sort_by(f64::total_cmp);
    ticks.dedup();
    for x in ticks {
        let shown = crate::workload::thousands(x);
        text(body, place(x), bottom + 16.0, "middle", &shown, false);
    }
    text(
        body,
        f64::midpoint(left, right),
        bottom + 34.0,
        "middle",
        &panel.x,
        false,
    );
}

fn page(body: &str, height: f64) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0}" font-family="system-ui, sans-serif" font-size="12" fill="{INK}"><rect width="100%" height="100%" fill="white"/>{body}</svg>
"#
    )
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, what: &str, bold: bool) {
    let weight = if bold { "bold" } else { "normal" };
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    push(
        out,
        format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-weight="{weight}">{what}</text>"#
        ),
    );
}

fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("writing to a string succeeds");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_has_its_name_and_figure() {
        let svg = bars(&[BarChart {
            title: "a & b".to_owned(),
            bars: vec![
                ("ours".to_owned(), 2.0, "2 k".to_owned()),
                ("theirs".to_owned(), 1.0, "1 k".to_owned()),
            ],
        }]);
        assert!(svg.contains("a &amp; b") && svg.contains(">theirs<") && svg.contains(">1 k<"));
        assert_eq!(svg.matches(FIRST).count(), 1);
    }

    #[test]
    fn a_line_goes_from_the_lowest_to_the_highest_x() {
        let svg = lines(&[LineChart {
            title: "t".to_owned(),
            x: "rooms".to_owned(),
            curves: vec![("l".to_owned(), vec![(10.0, 1.0), (1000.0, 1.0)])],
        }]);
        assert!(svg.contains(r#"<circle cx="40.0""#) && svg.contains(r#"<circle cx="480.0""#));
    }
}
