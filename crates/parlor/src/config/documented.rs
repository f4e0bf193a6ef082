//! Tests that `docs/configuration.md` agrees with the table of settings.
//!
//! `PARLOR_TEST_WRITE=1 cargo test -p parlor documented` rewrites the tables.

use super::{Config, table};
use settings::{Setting, Table as _};
use std::fmt::Write as _;
use storage::DatabaseSettings;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
const BEGIN: &str = "<!-- settings: begin -->\n";
const END: &str = "<!-- settings: end -->\n";

#[test]
fn every_setting_is_documented_as_it_is() {
    let file = std::fs::read_to_string(FILE).unwrap();
    let (before, rest) = file.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let expected = tables();
    if std::env::var_os("PARLOR_TEST_WRITE").is_some() {
        std::fs::write(FILE, format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
        panic!("docs/configuration.md is written; run the test again without PARLOR_TEST_WRITE");
    }
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(
            found, expected,
            "docs/configuration.md differs from the table of settings"
        );
    }
    assert_eq!(
        found.len(),
        expected.len(),
        "docs/configuration.md is not complete"
    );
}

#[test]
fn every_setting_says_what_it_is_and_what_to_expect() {
    for row in table::server() {
        let description = row.description();
        let (key, about) = (description.key, description.about);
        assert!(about.ends_with('.'), "{key}: {about}");
        assert!(!description.expected.is_empty(), "{key}");
        let default = shown(&row);
        let again = row.set(&mut Config::default(), default.trim_matches('"'));
        assert!(again.is_ok() || description.secret, "{key} = {default}");
    }
}

fn shown(row: &Setting<Config>) -> String {
    row.show(&Config::default())
        .trim_matches(['[', ']'])
        .to_owned()
}

fn tables() -> String {
    let mut out = String::new();
    let config = Config::default();
    for (title, rows) in table::sections() {
        heading(&mut out, title);
        for row in rows {
            let standard = row.key().starts_with("otel_");
            let prefix = if standard { "" } else { "PARLOR_" };
            line(&mut out, &row, &config, prefix);
        }
    }
    heading(&mut out, "A database");
    let core = DatabaseSettings::new("core");
    for row in DatabaseSettings::rows() {
        line(&mut out, &row, &core, "CORE_DB_");
    }
    out
}

fn heading(out: &mut String, title: &str) {
    let _ = write!(
        out,
        "\n## {title}\n\n\
         | key, environment | default | expected | what it is | too low | too high |\n\
         | --- | --- | --- | --- | --- | --- |\n"
    );
}

fn line<C: Clone + 'static>(out: &mut String, row: &Setting<C>, defaults: &C, prefix: &str) {
    let shown = row.show(defaults);
    let row = row.description();
    let default = match row.default_is {
        Some(words) => words.to_owned(),
        None => format!("`{shown}`"),
    };
    let or_none = |text: &'static str| if text.is_empty() { "–" } else { text };
    let _ = writeln!(
        out,
        "| `{}` `{prefix}{}` | {default} | {} | {} | {} | {} |",
        row.key,
        row.key.to_uppercase(),
        row.expected,
        row.about,
        or_none(row.too_low),
        or_none(row.too_high),
    );
}
