//! Putting the sources together: later ones overrule earlier ones.

use super::layer::{self, RawSetting, Scope};
use super::setting::Setting;
use super::{Config, ConfigError, DatabaseSettings, databases, table, validate};
use std::path::PathBuf;

/// Where settings come from, the weakest first.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// A TOML file and its text.
    pub(crate) file: Option<(PathBuf, String)>,
    /// The process's environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Flags: as written, key, text.
    pub(crate) flags: Vec<(String, String, String)>,
}

/// The configuration, or the first thing that is wrong with it.
pub(crate) fn load(sources: &Sources) -> Result<Config, ConfigError> {
    let in_file = match &sources.file {
        Some((path, text)) => layer::file(path, text)?,
        None => Vec::new(),
    };
    let mut config = Config {
        databases: named(&in_file, &sources.environment)?,
        ..Config::default()
    };
    let names: Vec<_> = config.databases.iter().map(|d| d.name.clone()).collect();
    let layers = in_file
        .into_iter()
        .chain(layer::environment(&sources.environment, &names))
        .chain(layer::flags(&sources.flags));
    let server = table::server();
    let database = databases::table();
    for given in layers {
        put(&mut config, &given, &server, &database)?;
    }
    validate::validate(&config)?;
    Ok(config)
}

/// The databases: those of `DATABASES`, else those of the file; `core` always.
fn named(
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
            .filter(|given| given.place == Scope::Databases)
            .map(|given| (given.name.as_str(), given.text.as_str()))
            .collect(),
    };
    for (source, name) in candidates {
        if !is_a_name(name) {
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

fn is_a_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn put(
    config: &mut Config,
    given: &RawSetting,
    server: &[Setting<Config>],
    database: &[Setting<DatabaseSettings>],
) -> Result<(), ConfigError> {
    match &given.place {
        Scope::Server => set(config, given, server),
        Scope::Database(name) => {
            let found = config.databases.iter_mut().find(|d| d.name == *name);
            let settings = found.ok_or_else(|| unlisted(given, name))?;
            set(settings, given, database)
        }
        Scope::Databases => Ok(()),
    }
}

fn unlisted(given: &RawSetting, name: &str) -> ConfigError {
    ConfigError {
        name: given.name.clone(),
        given: None,
        expected: format!("{name} among DATABASES"),
    }
}

fn set<C: Clone + 'static>(
    into: &mut C,
    given: &RawSetting,
    table: &[Setting<C>],
) -> Result<(), ConfigError> {
    let Some(setting) = table.iter().find(|setting| setting.key == given.key) else {
        let known = table.iter().map(|setting| setting.key);
        return Err(ConfigError::unknown(
            &given.name,
            &given.text,
            &given.key,
            known,
        ));
    };
    if setting.set(into, &given.text) {
        return Ok(());
    }
    Err(ConfigError {
        name: given.name.clone(),
        given: (!setting.secret).then(|| given.text.clone()),
        expected: setting.expected.clone(),
    })
}
