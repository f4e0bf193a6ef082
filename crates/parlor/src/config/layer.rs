//! Flattens the environment and the flags to lists of raw settings.

use super::databases::prefix;
use super::service_links::is_service_link;
use super::table::traces;

/// What a setting belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// The server as a whole.
    Server,
    /// The database of this name.
    Database(String),
    /// The list of databases itself.
    Databases,
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
/// `databases` are the configured names: only their `<NAME>_DB_` variables belong to Parlor.
pub(super) fn environment(variables: &[(String, String)], databases: &[String]) -> Vec<RawSetting> {
    variables
        .iter()
        .filter(|(name, text)| !(name.starts_with(traces::PREFIX) && text.is_empty()))
        .filter(|(name, text)| !is_service_link(name, text, variables))
        .filter_map(|(name, text)| {
            let (scope, key) = scope_and_key(name, databases)?;
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
        .filter(|(name, _)| scope_and_key(name, databases).is_some());
    links.map(|(name, _)| name.clone()).collect()
}

fn scope_and_key(name: &str, databases: &[String]) -> Option<(Scope, String)> {
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
        return Some((Scope::Server, key.to_lowercase()));
    }
    databases.iter().find_map(|database| {
        let key = name.strip_prefix(&prefix(database))?;
        Some((Scope::Database(database.clone()), key.to_lowercase()))
    })
}

/// Returns the settings on the command line, from `(--listen, listen, …)`.
pub(super) fn flags(flags: &[(String, String, String)]) -> Vec<RawSetting> {
    flags
        .iter()
        .map(|(name, key, text)| {
            let (scope, key) = match key
                .strip_prefix("databases.")
                .and_then(|k| k.split_once('.'))
            {
                Some((database, key)) => (Scope::Database(database.to_owned()), key.to_owned()),
                None => (Scope::Server, key.clone()),
            };
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
