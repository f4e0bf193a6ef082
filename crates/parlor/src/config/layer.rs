//! Flattens each source of settings to a list of raw settings.

use super::ConfigError;
use super::databases::prefix;
use super::table::traces;
use std::path::Path;

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
}

/// Prefixes of variables that are not settings: the path of the file, and variables of the tests.
const NOT_SETTINGS: [&str; 2] = ["PARLOR_CONFIG", "PARLOR_TEST"];

/// Returns the settings in a TOML file.
pub(super) fn file(path: &Path, text: &str) -> Result<Vec<RawSetting>, ConfigError> {
    let shown = path.display();
    let table: toml::Table = toml::from_str(text)
        .map_err(|error| ConfigError::new(shown.to_string(), error.message(), "a file in TOML"))?;
    let mut raw = Vec::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("databases", toml::Value::Table(databases)) => {
                for (name, settings) in databases {
                    let toml::Value::Table(settings) = settings else {
                        return Err(not_a_table(
                            &format!("databases.{name} in {shown}"),
                            &settings,
                        ));
                    };
                    raw.push(database_entry(
                        &name,
                        format!("databases.{name} in {shown}"),
                    ));
                    for (key, value) in settings {
                        let full = format!("databases.{name}.{key} in {shown}");
                        raw.push(setting(Scope::Database(name.clone()), key, full, &value)?);
                    }
                }
            }
            ("databases", other) => {
                return Err(not_a_table(&format!("databases in {shown}"), &other));
            }
            (_, value) => {
                let full = format!("{key} in {shown}");
                raw.push(setting(Scope::Server, key, full, &value)?);
            }
        }
    }
    Ok(raw)
}

fn not_a_table(name: &str, value: &toml::Value) -> ConfigError {
    ConfigError::new(name, value.to_string(), "a table, such as [databases.core]")
}

fn database_entry(database: &str, name: String) -> RawSetting {
    RawSetting {
        scope: Scope::Databases,
        key: "databases".to_owned(),
        name,
        text: database.to_owned(),
    }
}

fn setting(
    scope: Scope,
    key: String,
    name: String,
    value: &toml::Value,
) -> Result<RawSetting, ConfigError> {
    let text = text_of(value).ok_or_else(|| {
        ConfigError::new(
            &name,
            value.to_string(),
            "a string, a number, true, false or a list of strings",
        )
    })?;
    Ok(RawSetting {
        scope,
        key,
        name,
        text,
    })
}

fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

/// Returns the settings among the environment variables. An empty variable of OpenTelemetry counts
/// as unset, as its specification says.
///
/// `databases` are the configured names: only their `<NAME>_DB_` variables belong to Parlor.
pub(super) fn environment(variables: &[(String, String)], databases: &[String]) -> Vec<RawSetting> {
    variables
        .iter()
        .filter(|(name, text)| !(name.starts_with(traces::PREFIX) && text.is_empty()))
        .filter_map(|(name, text)| {
            let (scope, key) = scope_and_key(name, databases)?;
            Some(RawSetting {
                scope,
                key,
                name: name.clone(),
                text: text.clone(),
            })
        })
        .collect()
}

fn scope_and_key(name: &str, databases: &[String]) -> Option<(Scope, String)> {
    if NOT_SETTINGS.iter().any(|other| name.starts_with(other)) {
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
            }
        })
        .collect()
}
