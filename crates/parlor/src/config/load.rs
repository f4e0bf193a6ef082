//! Merges the sources of the configuration; later ones override earlier ones.

use super::layer::{self, RawSetting, Scope};
use super::setting::Setting;
use super::suggestion::Known;
use super::{
    Config, ConfigError, DatabaseSettings, SettingsError, databases, table, toml_file, validate,
};
use std::path::PathBuf;

/// The sources of settings, lowest precedence first.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Path and text of the TOML file, if there is one.
    pub(crate) file: Option<(PathBuf, String)>,
    /// The environment of the process.
    pub(crate) environment: Vec<(String, String)>,
    /// The flags: as written, key, value.
    pub(crate) flags: Vec<(String, String, String)>,
}

/// Builds the configuration, or returns the first error in it.
pub(crate) fn load(sources: &Sources) -> Result<Config, SettingsError> {
    let in_file = match &sources.file {
        Some((path, text)) => toml_file::read(path, text)?,
        None => Vec::new(),
    };
    let mut config = Config {
        databases: databases_named(&in_file, &sources.environment)?,
        ..Config::default()
    };
    let names: Vec<_> = config.databases.iter().map(|d| d.name.clone()).collect();
    config.service_links = layer::service_links(&sources.environment, &names);
    let layers = in_file
        .into_iter()
        .chain(layer::environment(&sources.environment, &names))
        .chain(layer::flags(&sources.flags));
    let (server, database) = (table::server(), databases::table());
    let known = Known {
        server: &server,
        database: &database,
    };
    for raw in layers {
        apply(&mut config, &raw, &known)?;
    }
    validate::validate(&config)?;
    Ok(config)
}

/// Returns the databases named in `DATABASES`, or else in the file; always with `core`.
fn databases_named(
    file: &[RawSetting],
    environment: &[(String, String)],
) -> Result<Vec<DatabaseSettings>, ConfigError> {
    let mut names = vec!["core".to_owned()];
    let listed = environment.iter().find(|(name, _)| name == "DATABASES");
    let candidates: Vec<(&str, &str)> = match listed {
        Some((variable, list)) => list
            .split(',')
            .map(|name| (variable.as_str(), name.trim()))
            .collect(),
        None => file
            .iter()
            .filter(|raw| raw.scope == Scope::Databases)
            .map(|raw| (raw.name.as_str(), raw.text.as_str()))
            .collect(),
    };
    for (source, name) in candidates {
        if !is_valid_name(name) {
            return Err(ConfigError::new(
                source,
                name,
                "names of a-z, 0-9 and _, such as core,analytics",
            ));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names
        .iter()
        .map(|name| DatabaseSettings::new(name))
        .collect())
}

fn is_valid_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn apply(config: &mut Config, raw: &RawSetting, known: &Known<'_>) -> Result<(), ConfigError> {
    match &raw.scope {
        Scope::Server => set(config, raw, known.server, known),
        Scope::Database(name) => {
            let found = config.databases.iter_mut().find(|d| d.name == *name);
            let settings = found.ok_or_else(|| unlisted(raw, name))?;
            set(settings, raw, known.database, known)
        }
        Scope::Databases => Ok(()),
    }
}

fn unlisted(raw: &RawSetting, name: &str) -> ConfigError {
    ConfigError {
        name: raw.name.clone(),
        value: None,
        expected: format!("DATABASES to contain {name}"),
    }
}

fn set<C: Clone + 'static>(
    into: &mut C,
    raw: &RawSetting,
    table: &[Setting<C>],
    known: &Known<'_>,
) -> Result<(), ConfigError> {
    let Some(setting) = table.iter().find(|setting| setting.key == raw.key) else {
        return Err(known.unknown(raw));
    };
    if raw.has_text && setting.set(into, &raw.text) {
        return Ok(());
    }
    let of_type = if raw.has_text {
        ""
    } else {
        ", given as a string, a number, true, false or a list of strings"
    };
    Err(ConfigError {
        name: raw.name.clone(),
        value: (!setting.secret).then(|| raw.text.clone()),
        expected: format!("{}{of_type}", setting.expected),
    })
}
