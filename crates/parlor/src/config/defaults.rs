//! Generates the commented TOML file that `parlor default-config` prints.

use super::declared::{Declared, ENABLED};
use super::{Config, table};
use settings::{Description, Setting, Table as _, Value as _};
use std::fmt::Write as _;
use storage::DatabaseSettings;

/// Returns all settings with their defaults, each commented out: removing a `#` sets it.
pub(crate) fn default_config(extensions: &[Declared]) -> String {
    let mut out = String::from(
        "# Settings of Parlor, each with its default: remove the # to change one.\n\
         # The environment overrides this file: PARLOR_LISTEN, CORE_DB_POOL_MAX, and so on.\n",
    );
    let config = Config::default();
    for (title, rows) in table::sections() {
        let _ = write!(out, "\n## {title}\n");
        for row in &rows {
            describe_row(&mut out, row, &config);
        }
    }
    out.push_str("\n## A database: core, or that of an extension\n");
    out.push_str("\n[databases.core]\n");
    let core = DatabaseSettings::new("core");
    for row in DatabaseSettings::rows() {
        describe_row(&mut out, &row, &core);
    }
    for extension in extensions {
        describe_extension(&mut out, extension);
    }
    out
}

fn describe_extension(out: &mut String, extension: &Declared) {
    let name = extension.name;
    let _ = write!(out, "\n## The extension {name}\n\n[{name}]\n");
    let _ = write!(
        out,
        "\n# Whether the server has this extension; {name} = \"off\" without a table means the same.\n\
         # Expected: on or off.\n\
         #{ENABLED} = {}\n",
        extension.on_by_default.show()
    );
    let rows = extension.settings.iter().flat_map(settings::AnyTable::rows);
    for (row, default) in rows {
        describe(out, &row, &default);
    }
}

fn describe_row<C: Clone + 'static>(out: &mut String, row: &Setting<C>, defaults: &C) {
    describe(out, row.description(), &row.show(defaults));
}

fn describe(out: &mut String, row: &Description, default: &str) {
    let _ = write!(out, "\n# {}\n# Expected: {}.\n", row.about, row.expected);
    if !row.too_low.is_empty() {
        let _ = writeln!(out, "# Too low: {} Too high: {}", row.too_low, row.too_high);
    }
    if let Some(default) = row.default_is {
        let _ = writeln!(out, "# Default: {default}.");
    }
    let _ = writeln!(out, "#{} = {default}", row.key);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};
    use settings::{AnyTable, number};

    #[derive(Clone)]
    struct Karma {
        top_max: u32,
    }

    impl Default for Karma {
        fn default() -> Self {
            Self { top_max: 100 }
        }
    }

    impl settings::Table for Karma {
        fn rows() -> Vec<Setting<Self>> {
            let top = number("top_max", "people", 1..=1_000, |c: &mut Self| {
                &mut c.top_max
            });
            vec![top.about("Most people in the list.")]
        }
    }

    /// One that is on by default and one that is not.
    fn extensions() -> [Declared; 2] {
        let karma = Declared {
            name: "karma",
            settings: Some(AnyTable::of::<Karma>()),
            migrations: None,
            on_by_default: true,
            reads_private: false,
        };
        let greeter = Declared {
            name: "greeter",
            settings: None,
            on_by_default: false,
            ..karma.clone()
        };
        [karma, greeter]
    }

    #[test]
    fn the_printed_defaults_are_a_file_that_loads_and_changes_nothing() {
        let extensions = extensions();
        let text: String = default_config(&extensions)
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with([' ', '#']) => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        assert!(
            text.contains("[karma]\n") && text.contains("\ntop_max = 100\n"),
            "{text}"
        );
        let sources = Sources {
            file: Some(("parlor.toml".into(), text)),
            ..Sources::default()
        };
        let config = load(&sources, &extensions).unwrap();
        let defaults = load(&Sources::default(), &extensions).unwrap();
        assert_eq!(format!("{config:?}"), format!("{defaults:?}"));
        let rows = |config: &Config| {
            config.extensions[0]
                .declared
                .settings
                .as_ref()
                .unwrap()
                .rows()
        };
        assert_eq!(rows(&config), rows(&defaults));
    }
}
