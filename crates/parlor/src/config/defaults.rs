//! Generates the commented TOML file that `parlor default-config` prints.

use super::setting::Setting;
use super::{Config, DatabaseSettings, databases, table};
use std::fmt::Write as _;

/// Returns all settings with their defaults, each commented out: removing a `#` sets it.
pub(crate) fn default_config() -> String {
    let mut out = String::from(
        "# Settings of Parlor, each with its default: remove the # to change one.\n\
         # The environment overrides this file: PARLOR_LISTEN, CORE_DB_POOL_MAX, and so on.\n",
    );
    let config = Config::default();
    for (title, rows) in table::groups() {
        let _ = write!(out, "\n## {title}\n");
        for row in &rows {
            describe(&mut out, row, &config);
        }
    }
    out.push_str("\n## A database: core, or another one named here or in DATABASES\n");
    out.push_str("\n[databases.core]\n");
    let core = DatabaseSettings::new("core");
    for row in databases::table() {
        describe(&mut out, &row, &core);
    }
    out
}

fn describe<C: Clone + 'static>(out: &mut String, row: &Setting<C>, defaults: &C) {
    let _ = write!(out, "\n# {}\n# Expected: {}.\n", row.about, row.expected);
    if !row.too_low.is_empty() {
        let _ = writeln!(out, "# Too low: {} Too high: {}", row.too_low, row.too_high);
    }
    if let Some(default) = row.default_is {
        let _ = writeln!(out, "# Default: {default}.");
    }
    let _ = writeln!(out, "#{} = {}", row.key, row.show(defaults));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    #[test]
    fn the_printed_defaults_are_a_file_that_loads_and_changes_nothing() {
        let text: String = default_config()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with([' ', '#']) => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let sources = Sources {
            file: Some(("parlor.toml".into(), text)),
            ..Sources::default()
        };
        let config = load(&sources).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }
}
