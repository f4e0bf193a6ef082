//! What the configuration knows of an extension, and which declarations it refuses.

use super::service_links::is_service_link;
use super::table;
use extension::Extension;
use settings::AnyTable;
use std::fmt;
use storage::Migrations;

/// The key that switches an extension on and off: `karma = "off"` means `[karma]` with
/// `enabled = "off"`.
pub(crate) const ENABLED: &str = "enabled";

/// Names that mean something else in a setting, a health path, a metric, a database or a log line.
const RESERVED: [&str; 36] = [
    "build",
    "bus",
    "command",
    "commands",
    "config",
    "connections",
    "core",
    "databases",
    "db",
    "default",
    "delivery",
    "enabled",
    "extension",
    "extensions",
    "fanout",
    "gateway",
    "hub",
    "information_schema",
    "live",
    "messaging",
    "parlor",
    "people",
    "process",
    "public",
    "ready",
    "requests",
    "rooms",
    "sessions",
    "settings",
    "socket",
    "sockets",
    "spans",
    "storage",
    "task",
    "tasks",
    "x",
];

/// Beginnings of names that mean something else: PostgreSQL's own schemas, and variables of tests.
const RESERVED_BEGINNINGS: [&str; 2] = ["pg_", "test"];

/// What the configuration needs to know of an extension.
#[derive(Clone)]
pub(crate) struct Declared {
    /// The extension's name.
    pub(crate) name: &'static str,
    /// Its settings with their defaults, if it has any.
    pub(crate) settings: Option<AnyTable>,
    /// The migrations of its database, which has its name, if it has one.
    pub(crate) migrations: Option<Migrations>,
    /// Whether it runs unless the settings say otherwise.
    pub(crate) on_by_default: bool,
    /// Whether it sees the texts of private and direct rooms.
    pub(crate) reads_private: bool,
}

impl Declared {
    fn of(extension: &Extension) -> Self {
        Self {
            name: extension.name(),
            settings: extension.settings_table().cloned(),
            migrations: extension.migrations(),
            on_by_default: extension.is_on_by_default(),
            reads_private: extension.reads_private_rooms(),
        }
    }

    /// Returns whether it has a database.
    pub(crate) fn has_database(&self) -> bool {
        self.migrations.is_some()
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// A declaration that a server cannot include: a mistake in the program, not in its settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("extension {name:?}: {problem}")]
pub(crate) struct DeclarationError {
    pub(crate) name: String,
    pub(crate) problem: String,
}

impl DeclarationError {
    /// Creates the error of this extension.
    pub(crate) fn new(name: &str, problem: &str) -> Self {
        Self {
            name: name.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

/// Returns what the configuration needs to know of these extensions, or the first mistake in what they
/// declare.
pub(crate) fn declared(extensions: &[Extension]) -> Result<Vec<Declared>, DeclarationError> {
    for extension in extensions {
        if let Some(problem) = extension.wrong() {
            return Err(DeclarationError::new(extension.name(), problem));
        }
    }
    let declared: Vec<_> = extensions.iter().map(Declared::of).collect();
    check(&declared)?;
    Ok(declared)
}

/// Refuses names that are taken or could be confused with something else, and keys of settings that
/// could not be set.
fn check(declared: &[Declared]) -> Result<(), DeclarationError> {
    for (at, extension) in declared.iter().enumerate() {
        let name = extension.name;
        let others = declared[..at].iter().map(|other| other.name);
        let problem = of_name(name)
            .or_else(|| of_name_beside(name, others))
            .or_else(|| {
                extension
                    .settings
                    .as_ref()
                    .and_then(|all| of_keys(name, all))
            });
        if let Some(problem) = problem {
            return Err(DeclarationError::new(name, &problem));
        }
    }
    Ok(())
}

/// Whether this is `a` to `z`, then also digits and `_`.
pub(super) fn is_word(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(is_inner)
}

fn of_name(name: &str) -> Option<String> {
    let mut beginnings = RESERVED_BEGINNINGS.iter();
    if RESERVED.contains(&name) || beginnings.any(|beginning| name.starts_with(beginning)) {
        return Some("the name is reserved: choose another".to_owned());
    }
    let rows = table::server();
    let taken = rows.iter().map(settings::Setting::key).find(|key| {
        *key == name || belongs_to(name, key).is_some() || belongs_to(key, name).is_some()
    });
    taken.map(|key| format!("the name is too much like the setting {key}: choose another"))
}

fn of_name_beside(name: &str, mut others: impl Iterator<Item = &'static str>) -> Option<String> {
    let clash = others.find(|other| {
        *other == name || belongs_to(name, other).is_some() || belongs_to(other, name).is_some()
    })?;
    if clash == name {
        return Some("there are two of this name: leave one out".to_owned());
    }
    Some(format!(
        "the name begins like that of {clash}, so that their settings could not be told apart: \
         choose another"
    ))
}

/// Returns what follows `name_`.
pub(super) fn belongs_to<'k>(name: &str, key: &'k str) -> Option<&'k str> {
    key.strip_prefix(name)?.strip_prefix('_')
}

fn of_keys(name: &str, settings: &AnyTable) -> Option<String> {
    let rows = settings.rows();
    rows.iter().enumerate().find_map(|(at, (row, _))| {
        let key = row.key;
        if !is_word(key) {
            return Some(format!("its setting {key:?} is not made of a-z, 0-9 and _"));
        }
        if key == ENABLED {
            return Some(format!(
                "its setting {key:?} is every extension's switch: rename it"
            ));
        }
        if rows[..at].iter().any(|(other, _)| other.key == key) {
            return Some(format!(
                "it has two settings with the key {key:?}: rename one"
            ));
        }
        let variable = format!("PARLOR_{name}_{key}").to_uppercase();
        is_service_link(&variable, "", &[]).then(|| {
            format!(
                "its setting {key:?} is named like a variable that Kubernetes sets for a service, \
                 which is ignored: rename it"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Setting, Table, number};

    fn named(name: &'static str) -> Declared {
        Declared {
            name,
            settings: None,
            migrations: None,
            on_by_default: true,
            reads_private: false,
        }
    }

    fn problem(names: &[&'static str]) -> String {
        let declared: Vec<_> = names.iter().map(|name| named(name)).collect();
        check(&declared).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn ordinary_names_are_accepted() {
        assert_eq!(problem(&["karma", "greeter", "analytics", "search2"]), "");
    }

    #[test]
    fn a_mistake_of_the_declaration_itself_comes_first() {
        let error = declared(&[Extension::new("Karma")]).unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with("extension \"Karma\": a name has"),
            "{said}"
        );
        let karma = declared(&[Extension::new("karma").off_by_default()]).unwrap();
        assert!(karma[0].name == "karma" && !karma[0].on_by_default);
        assert!(!karma[0].has_database() && karma[0].settings.is_none());
    }

    #[test]
    fn a_name_that_means_something_else_is_refused() {
        for name in [
            "core",
            "databases",
            "default",
            "parlor",
            "x",
            "pg_trgm",
            "test",
            "tests",
        ] {
            assert!(problem(&[name]).contains("reserved"), "{name}");
        }
        for (name, setting) in [
            ("listen", "setting listen"),
            ("drain", "setting drain_ms"),
            ("log", "setting log"),
            ("limits_more", "setting limits"),
            ("otel", "setting otel_"),
        ] {
            let said = problem(&[name]);
            assert!(said.contains(setting), "{name}: {said}");
        }
    }

    /// `scripts/new-extension` knows the same names: it says so before it makes anything.
    #[test]
    fn no_extension_is_made_with_a_name_that_the_server_refuses() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let refusal = |name: &str| {
            let mut script = std::process::Command::new(format!("{root}/scripts/new-extension"));
            // A folder that is there already: nothing is made for any name.
            let output = script.args([name, "--at", root]).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{name}");
            String::from_utf8(output.stderr).unwrap()
        };
        for name in ["karma", "search2", "greeter"] {
            let said = refusal(name);
            assert!(said.contains("exists already"), "{name}: {said}");
        }
        let rows = table::server();
        let keys = rows.iter().map(settings::Setting::key);
        let own = [
            "analytics",
            "pg_trgm",
            "testing",
            "drain",
            "limits_more",
            "Karma",
            "1a",
            "",
        ];
        for name in RESERVED.into_iter().chain(keys).chain(own) {
            let said = refusal(name);
            assert!(!said.contains("exists already"), "{name}: {said}");
        }
    }

    #[test]
    fn two_names_that_could_be_confused_are_refused() {
        assert!(problem(&["karma", "greeter", "karma"]).contains("two of this name"));
        for names in [["karma", "karma_top"], ["karma_top", "karma"]] {
            let said = problem(&names);
            assert!(
                said.contains(&format!("begins like that of {}", names[0])),
                "{said}"
            );
        }
    }

    #[derive(Clone, Default)]
    struct Odd(u32);

    macro_rules! odd {
        ($name:ident: $($key:literal),*) => {
            #[derive(Clone, Default)]
            struct $name(Odd);

            impl Table for $name {
                fn rows() -> Vec<Setting<Self>> {
                    vec![$(number($key, "", 0..=9, |c: &mut Self| &mut c.0.0)),*]
                }
            }
        };
    }

    odd!(Spelled: "topMax");
    odd!(Switched: "enabled");
    odd!(Twice: "top", "top");
    odd!(Linked: "a_service_port");

    fn with<C: Table>() -> String {
        let settings = Some(AnyTable::of::<C>());
        let karma = Declared {
            settings,
            ..named("karma")
        };
        check(&[karma]).unwrap_err().to_string()
    }

    #[test]
    fn a_key_that_could_not_be_set_is_refused() {
        assert!(with::<Spelled>().contains("\"topMax\" is not made of"));
        assert!(with::<Switched>().contains("every extension's switch"));
        assert!(with::<Twice>().contains("two settings with the key \"top\""));
        assert!(with::<Linked>().contains("Kubernetes"));
    }
}
