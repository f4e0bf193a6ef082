//! Flattens the environment and the flags to lists of raw settings.

use super::declared::{Declared, ENABLED, belongs_to};
use super::service_links::is_service_link;
use super::table::traces;
use storage::DatabaseSettings;

/// What a setting belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// The server as a whole.
    Server,
    /// The database of this name.
    Database(String),
    /// The list of databases itself.
    Databases,
    /// The extension of this name.
    Extension(String),
    /// The table of an extension in a file, which may be empty; its settings follow.
    ExtensionTable(String),
}

/// One setting, not parsed yet.
#[derive(Debug, Clone)]
pub(super) struct RawSetting {
    /// What the setting belongs to.
    pub(super) scope: Scope,
    /// The key in the table of settings.
    pub(super) key: String,
    /// The name as the operator wrote it, and in which file.
    pub(super) name: String,
    /// The value as text.
    pub(super) text: String,
    /// False if the value has no text, such as a table; `text` is then how it is written.
    pub(super) has_text: bool,
}

/// The variable with the path of the file, which is not a setting.
const FILE: &str = "PARLOR_CONFIG";

/// Prefix of the variables of the tests.
const TESTS: &str = "PARLOR_TEST";

/// Returns the settings among the environment variables. An empty variable of OpenTelemetry counts
/// as unset, as its specification says.
///
/// `databases` are the names of those in use: only their `<NAME>_DB_` variables belong to Parlor.
pub(super) fn environment(
    variables: &[(String, String)],
    databases: &[String],
    extensions: &[Declared],
) -> Vec<RawSetting> {
    variables
        .iter()
        .filter(|(name, text)| !(name.starts_with(traces::PREFIX) && text.is_empty()))
        .filter(|(name, text)| !is_service_link(name, text, variables))
        .filter_map(|(name, text)| {
            let (scope, key) = scope_and_key(name, databases, extensions)?;
            Some(RawSetting {
                scope,
                key,
                name: name.clone(),
                text: text.clone(),
                has_text: true,
            })
        })
        .collect()
}

/// Returns the variables that have the prefix of a setting and describe a service instead.
pub(super) fn service_links(variables: &[(String, String)], databases: &[String]) -> Vec<String> {
    let links = variables
        .iter()
        .filter(|(name, text)| is_service_link(name, text, variables))
        .filter(|(name, _)| scope_and_key(name, databases, &[]).is_some());
    links.map(|(name, _)| name.clone()).collect()
}

fn scope_and_key(
    name: &str,
    databases: &[String],
    extensions: &[Declared],
) -> Option<(Scope, String)> {
    if name == FILE || name.starts_with(TESTS) {
        return None;
    }
    if name.starts_with(traces::PREFIX) {
        let key = name.to_lowercase();
        return traces::is_known(&key).then_some((Scope::Server, key));
    }
    if let Some(key) = name.strip_prefix("PARLOR_") {
        // OpenTelemetry's variables have no alias with this prefix.
        let key = if key.starts_with(traces::PREFIX) {
            name
        } else {
            key
        };
        return Some(of_key(&key.to_lowercase(), extensions));
    }
    databases.iter().find_map(|database| {
        let key = name.strip_prefix(&DatabaseSettings::prefix_of(database))?;
        Some((Scope::Database(database.clone()), key.to_lowercase()))
    })
}

/// Returns what a key of the server belongs to: `karma` switches an extension on or off, `karma_…` is
/// one of its settings.
pub(super) fn of_key(key: &str, extensions: &[Declared]) -> (Scope, String) {
    let of_extension = extensions.iter().find_map(|extension| {
        let name = extension.name;
        let key = if key == name {
            ENABLED
        } else {
            belongs_to(name, key)?
        };
        Some((Scope::Extension(name.to_owned()), key.to_owned()))
    });
    of_extension.unwrap_or_else(|| (Scope::Server, key.to_owned()))
}

/// Returns the settings on the command line, from `(--listen, listen, …)`.
pub(super) fn flags(
    flags: &[(String, String, String)],
    extensions: &[Declared],
) -> Vec<RawSetting> {
    flags
        .iter()
        .map(|(name, key, text)| {
            let (scope, key) = of_flag(key, extensions);
            RawSetting {
                scope,
                key,
                name: name.clone(),
                text: text.clone(),
                has_text: true,
            }
        })
        .collect()
}

/// `databases.core.pool_max`, `karma.top_max`, or a key of the server.
fn of_flag(key: &str, extensions: &[Declared]) -> (Scope, String) {
    let of_database = key
        .strip_prefix("databases.")
        .and_then(|k| k.split_once('.'));
    if let Some((database, key)) = of_database {
        return (Scope::Database(database.to_owned()), key.to_owned());
    }
    match key.split_once('.') {
        Some((extension, key)) => (Scope::Extension(extension.to_owned()), key.to_owned()),
        None => of_key(key, extensions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn karma() -> [Declared; 1] {
        [Declared {
            name: "karma",
            settings: None,
            migrations: None,
            on_by_default: true,
            reads_private: false,
        }]
    }

    fn of_karma(key: &str) -> (Scope, String) {
        (Scope::Extension("karma".to_owned()), key.to_owned())
    }

    #[test]
    fn a_variable_with_the_name_of_an_extension_is_its_own() {
        let scope = |name: &str| scope_and_key(name, &["core".to_owned()], &karma());
        assert_eq!(scope("PARLOR_KARMA"), Some(of_karma("enabled")));
        assert_eq!(scope("PARLOR_KARMA_TOP_MAX"), Some(of_karma("top_max")));
        let listen = Some((Scope::Server, "listen".to_owned()));
        assert_eq!(scope("PARLOR_LISTEN"), listen);
        let alike = Some((Scope::Server, "karmas".to_owned()));
        assert_eq!(scope("PARLOR_KARMAS"), alike);
        assert_eq!(scope("KARMA_TOP_MAX"), None);
    }

    #[test]
    fn a_flag_names_an_extension_with_a_dot_or_without() {
        for key in ["karma.top_max", "karma_top_max"] {
            assert_eq!(of_flag(key, &karma()), of_karma("top_max"), "{key}");
        }
        assert_eq!(of_flag("karma", &karma()), of_karma("enabled"));
        let pool = (Scope::Database("core".to_owned()), "pool_max".to_owned());
        assert_eq!(of_flag("databases.core.pool_max", &karma()), pool);
    }

    #[test]
    fn variables_of_a_service_named_like_an_extension_set_nothing() {
        let variables = [
            ("PARLOR_KARMA_SERVICE_HOST", "10.0.0.1"),
            ("PARLOR_KARMA_PORT", "tcp://10.0.0.1:80"),
            ("PARLOR_KARMA_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("KARMA_DB_PORT", "tcp://10.0.0.1:5432"),
            ("PARLOR_KARMA_TOP_MAX", "5"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
        let databases = ["core".to_owned(), "karma".to_owned()];
        let set = environment(&variables, &databases, &karma());
        let set: Vec<_> = set.iter().map(|raw| raw.name.as_str()).collect();
        assert_eq!(set, ["PARLOR_KARMA_TOP_MAX"]);
        assert_eq!(service_links(&variables, &databases).len(), 4);
    }
}
