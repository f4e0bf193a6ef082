//! Alerts and dashboard fit the metrics of this server.

use super::{is_key, read};
use std::collections::{BTreeMap, BTreeSet};

/// Returns every exported metric with its type and labels, from the page that a test compares with
/// `/metrics`.
fn figures() -> BTreeMap<String, (String, Vec<String>)> {
    let page = read("docs/operating.md");
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `parlor_"));
    let figures = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = format!("parlor_{}", cells[0].trim_end_matches('`'));
        let labels = cells[2]
            .split(',')
            .map(|label| label.trim().trim_matches('`').to_owned());
        (name, (cells[1].to_owned(), labels.collect()))
    });
    figures.collect()
}

/// Returns the metric that a series belongs to.
fn figure<'n>(
    series: &'n str,
    figures: &BTreeMap<String, (String, Vec<String>)>,
) -> Option<&'n str> {
    if figures.contains_key(series) {
        return Some(series);
    }
    let parts = ["_bucket", "_sum", "_count"];
    let histogram = parts.iter().find_map(|part| series.strip_suffix(part))?;
    let kind = &figures.get(histogram)?.0;
    (kind == "histogram").then_some(histogram)
}

/// Returns each series in a text with the labels that select it.
fn series(text: &str) -> Vec<(&str, Vec<&str>)> {
    let starts = text.match_indices("parlor_").map(|(at, _)| at);
    let named = starts.map(|at| {
        let rest = &text[at..];
        let end = rest.find(|c| !is_key(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let matchers = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let labels = matchers.map_or_else(Vec::new, |(matchers, _)| {
            let matchers = matchers.split(',').filter(|matcher| matcher.contains('='));
            matchers
                .map(|matcher| matcher.split(['=', '!']).next().unwrap().trim())
                .collect()
        });
        (name, labels)
    });
    named.collect()
}

#[test]
fn alerts_and_dashboard_read_figures_that_the_server_exports() {
    let figures = figures();
    assert!(figures.len() > 20, "the page lists them: {}", figures.len());
    for file in [
        "deploy/prometheus/alerts.yaml",
        "deploy/grafana/parlor.json",
    ] {
        let text = read(file);
        let used = series(&text);
        assert!(used.len() > 15, "{file} reads figures");
        for (name, labels) in used {
            let Some(figure) = figure(name, &figures) else {
                panic!("{file}: the server does not export {name}");
            };
            for label in labels.into_iter().filter(|label| *label != "instance") {
                let known = figures[figure].1.iter().any(|known| known == label);
                assert!(known, "{file}: {name} has no label {label}");
            }
        }
    }
}

#[test]
fn the_dashboard_is_json_whose_panels_have_places_of_their_own() {
    let board: serde_json::Value =
        serde_json::from_str(&read("deploy/grafana/parlor.json")).unwrap();
    let mut taken = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        let place = &panel["gridPos"];
        let number = |name: &str| place[name].as_u64().unwrap();
        assert!(number("x") + number("w") <= 24, "{panel}");
        for x in number("x")..number("x") + number("w") {
            for y in number("y")..number("y") + number("h") {
                assert!(taken.insert((x, y)), "two panels at {x}, {y}: {panel}");
            }
        }
    }
}
