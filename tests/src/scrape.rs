//! A strict parser of the metrics page: fails on any line it does not understand.

use std::collections::BTreeMap;

/// A parsed `/metrics` page.
#[derive(Debug, Clone)]
pub struct Scrape {
    /// The text of the page.
    pub text: String,
    families: BTreeMap<String, Family>,
}

/// One metric.
#[derive(Debug, Clone)]
pub struct Family {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// The help text.
    pub help: String,
    series: Vec<Sample>,
}

#[derive(Debug, Clone)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Scrape {
    /// Parses the text.
    ///
    /// # Errors
    /// The line that is not as the format wants it.
    pub fn read(text: &str) -> Result<Self, String> {
        let body = text.strip_suffix("# EOF\n").ok_or("it ends with # EOF")?;
        let mut families = BTreeMap::new();
        let mut helps = BTreeMap::new();
        let mut current: Option<(String, Family)> = None;
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').ok_or(line)?;
                helps.insert(name.to_owned(), help.to_owned());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').ok_or(line)?;
                let help = helps.remove(name).ok_or(line)?;
                keep(&mut families, current.take())?;
                let (kind, series) = (kind.to_owned(), Vec::new());
                current = Some((name.to_owned(), Family { kind, help, series }));
            } else {
                let (name, family) = current.as_mut().ok_or(line)?;
                family.series.push(Sample::read(line, name, &family.kind)?);
            }
        }
        keep(&mut families, current)?;
        Ok(Self {
            text: text.to_owned(),
            families,
        })
    }

    /// Returns the metrics by name.
    #[must_use]
    pub fn families(&self) -> &BTreeMap<String, Family> {
        &self.families
    }

    /// Returns the sum of all series of a name (including `…_count` and `…_sum` of a histogram)
    /// with these labels; 0 if there are none.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let all = self.families.values().flat_map(|family| &family.series);
        let wanted = all.filter(|sample| sample.name == name && sample.has(labels));
        wanted.map(|sample| sample.value).sum()
    }
}

impl Family {
    /// Returns the names of all labels in use, except `le`.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<_> = self
            .series
            .iter()
            .flat_map(|sample| sample.labels.keys())
            .map(String::as_str)
            .filter(|label| *label != "le")
            .collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    }
}

fn keep(
    families: &mut BTreeMap<String, Family>,
    family: Option<(String, Family)>,
) -> Result<(), String> {
    let Some((name, family)) = family else {
        return Ok(());
    };
    let name = if family.kind == "counter" {
        name + "_total"
    } else {
        name
    };
    if !name.starts_with("parlor_") {
        return Err(format!("{name} does not begin with parlor_"));
    }
    match families.insert(name.clone(), family) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is there twice")),
    }
}

impl Sample {
    fn read(line: &str, family: &str, kind: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{what}: {line}");
        let (series, value) = line.rsplit_once(' ').ok_or(wrong("a value"))?;
        let value = match value {
            "+Inf" => f64::INFINITY,
            value => value.parse().map_err(|_| wrong("a number"))?,
        };
        let (name, labels) = match series.split_once('{') {
            Some((name, rest)) => (name, rest.strip_suffix('}').ok_or(wrong("an end"))?),
            None => (series, ""),
        };
        let suffix = name.strip_prefix(family).ok_or(wrong("of its family"))?;
        let known = match kind {
            "counter" => suffix == "_total",
            "gauge" => suffix.is_empty(),
            "histogram" => ["_bucket", "_sum", "_count"].contains(&suffix),
            _ => false,
        };
        if !known {
            return Err(wrong(kind));
        }
        let labels = labels.split(',').filter(|label| !label.is_empty());
        let labels = labels.map(|label| {
            let (name, value) = label.split_once("=\"")?;
            Some((name.to_owned(), value.strip_suffix('"')?.to_owned()))
        });
        Ok(Self {
            name: name.to_owned(),
            labels: labels.collect::<Option<_>>().ok_or(wrong("labels"))?,
            value,
        })
    }

    fn has(&self, labels: &[(&str, &str)]) -> bool {
        let has =
            |(name, value): &(&str, &str)| self.labels.get(*name).is_some_and(|is| is == value);
        labels.iter().all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# HELP parlor_sent Sent.\n# TYPE parlor_sent counter\n\
        parlor_sent_total{op=\"send\",outcome=\"ok\"} 3\nparlor_sent_total{op=\"join\",outcome=\"ok\"} 4\n\
        # HELP parlor_open Open.\n# TYPE parlor_open gauge\nparlor_open 1.5\n# EOF\n";

    #[test]
    fn a_page_is_read_by_name_and_label() {
        let scrape = Scrape::read(PAGE).unwrap();
        assert_eq!(scrape.sum("parlor_sent_total", &[]).to_string(), "7");
        assert_eq!(
            scrape
                .sum("parlor_sent_total", &[("op", "send")])
                .to_string(),
            "3"
        );
        assert_eq!(scrape.sum("parlor_open", &[]).to_string(), "1.5");
        assert_eq!(
            scrape.families()["parlor_sent_total"].labels(),
            ["op", "outcome"]
        );
    }

    #[test]
    fn what_is_out_of_order_is_refused() {
        for (good, bad) in [
            ("# EOF\n", ""),
            ("# HELP parlor_open Open.\n", ""),
            ("parlor_open 1.5", "parlor_open_total 1.5"),
            ("parlor_open 1.5", "parlor_open many"),
            ("parlor_open", "other_open"),
            ("{op=\"send\",", "{op=send,"),
        ] {
            let page = PAGE.replace(good, bad);
            assert!(Scrape::read(&page).is_err(), "{page}");
        }
    }
}
