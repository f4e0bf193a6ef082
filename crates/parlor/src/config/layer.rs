//! One source of settings, flattened to (name, place, text).

use super::ConfigError;
use super::databases::prefix;
use super::table::traces;
use std::path::Path;

/// Whose setting it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// The server's.
    Server,
    /// The named database's.
    Database(String),
    /// The list of databases itself.
    Databases,
}

/// One setting as it was given.
#[derive(Debug, Clone)]
pub(super) struct RawSetting {
    /// Whose.
    pub(super) place: Scope,
    /// The key in its table.
    pub(super) key: String,
    /// As the operator wrote it.
    pub(super) name: String,
    /// What was given.
    pub(super) text: String,
}

/// What begins like this is no setting: where settings come from, and the tests' own variables.
const NOT_SETTINGS: [&str; 2] = ["PARLOR_CONFIG", "PARLOR_TEST"];

/// The settings in the text of a TOML file.
pub(super) fn file(path: &Path, text: &str) -> Result<Vec<RawSetting>, ConfigError> {
    let shown = path.display();
    let table: toml::Table = toml::from_str(text)
        .map_err(|error| ConfigError::new(shown.to_string(), error.message(), "a file in TOML"))?;
    let mut given = Vec::new();
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
                    given.push(listed(&name, format!("databases.{name} in {shown}")));
                    for (key, value) in settings {
                        let full = format!("databases.{name}.{key} in {shown}");
                        given.push(one(Scope::Database(name.clone()), key, full, &value)?);
                    }
                }
            }
            ("databases", other) => {
                return Err(not_a_table(&format!("databases in {shown}"), &other));
            }
            (_, value) => {
                let full = format!("{key} in {shown}");
                given.push(one(Scope::Server, key, full, &value)?);
            }
        }
    }
    Ok(given)
}

fn not_a_table(name: &str, value: &toml::Value) -> ConfigError {
    ConfigError::new(name, value.to_string(), "a table, such as [databases.core]")
}

fn listed(database: &str, name: String) -> RawSetting {
    RawSetting {
        place: Scope::Databases,
        key: "databases".to_owned(),
        name,
        text: database.to_owned(),
    }
}

fn one(
    place: Scope,
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
        place,
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

/// The settings among the variables of the environment. An empty one of OpenTelemetry's counts as
/// unset, as its standard says.
///
/// `databases` are the names that are configured: only their `<NAME>_DB_` is Parlor's.
pub(super) fn environment(variables: &[(String, String)], databases: &[String]) -> Vec<RawSetting> {
    variables
        .iter()
        .filter(|(name, text)| !(name.starts_with(traces::PREFIX) && text.is_empty()))
        .filter_map(|(name, text)| {
            let (place, key) = placed(name, databases)?;
            Some(RawSetting {
                place,
                key,
                name: name.clone(),
                text: text.clone(),
            })
        })
        .collect()
}

fn placed(name: &str, databases: &[String]) -> Option<(Scope, String)> {
    if NOT_SETTINGS.iter().any(|other| name.starts_with(other)) {
        return None;
    }
    if name.starts_with(traces::PREFIX) {
        let key = name.to_lowercase();
        return traces::is_known(&key).then_some((Scope::Server, key));
    }
    if let Some(key) = name.strip_prefix("PARLOR_") {
        // Those have no second name.
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

/// Settings given on the command line: `(--listen, listen, …)`.
pub(super) fn flags(flags: &[(String, String, String)]) -> Vec<RawSetting> {
    flags
        .iter()
        .map(|(name, key, text)| {
            let (place, key) = match key
                .strip_prefix("databases.")
                .and_then(|k| k.split_once('.'))
            {
                Some((database, key)) => (Scope::Database(database.to_owned()), key.to_owned()),
                None => (Scope::Server, key.clone()),
            };
            RawSetting {
                place,
                key,
                name: name.clone(),
                text: text.clone(),
            }
        })
        .collect()
}
