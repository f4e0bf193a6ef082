//! Merges the sources of the configuration; later ones override earlier ones.

use super::declared::{Declared, ENABLED};
use super::extensions::{self, ListedDatabases};
use super::layer::{self, RawSetting, Scope};
use super::suggestion::Known;
use super::{Config, SettingsError, table, toml_file, validate};
use settings::{SetError, Setting, Table as _};
use std::path::PathBuf;
use storage::DatabaseSettings;

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

/// Builds the configuration of a server with these extensions, or returns the first error in it.
pub(crate) fn load(sources: &Sources, declared: &[Declared]) -> Result<Config, SettingsError> {
    let rows = Rows::new();
    let known = Known::new(&rows, declared);
    let in_file = match &sources.file {
        Some((path, text)) => toml_file::read(path, text, declared, &|key| rows.has(key))?,
        None => Vec::new(),
    };
    let flags = layer::flags(&sources.flags, declared);
    let listed = ListedDatabases::new(&in_file, &sources.environment);
    // The environment of databases is read later: only those in use have variables.
    let without_databases = layer::environment(&sources.environment, &[], declared);
    let layers = in_file.iter().chain(&without_databases).chain(&flags);
    let mut config = Config {
        extensions: extensions::decide(declared, &listed, &known, layers)?,
        ..Config::default()
    };
    let extensions = config.extensions.iter();
    let with_databases = extensions.filter(|extension| extension.uses_database());
    let others = with_databases.map(|extension| DatabaseSettings::new(extension.name()));
    config.databases.extend(others.collect::<Vec<_>>());
    let names: Vec<_> = config.databases.iter().map(|d| d.name.clone()).collect();
    config.service_links = layer::service_links(&sources.environment, &names);
    let environment = layer::environment(&sources.environment, &names, declared);
    let mut merge = Merge {
        unused: unused(declared, &config, &listed),
        known,
        rows: &rows,
        config,
    };
    for raw in in_file.iter().chain(&environment).chain(&flags) {
        merge.apply(raw)?;
    }
    validate::validate(&merge.config)?;
    Ok(merge.config)
}

/// Returns the databases of extensions that are off: their settings are checked, and not used.
fn unused(
    declared: &[Declared],
    config: &Config,
    listed: &ListedDatabases,
) -> Vec<DatabaseSettings> {
    let is_used = |name: &str| config.databases.iter().any(|used| used.name == name);
    let unused = declared.iter().filter(|extension| {
        let name = extension.name;
        extension.has_database() && !is_used(name) && !listed.excludes(name)
    });
    unused
        .map(|extension| DatabaseSettings::new(extension.name))
        .collect()
}

/// Every setting of the server and of a database.
pub(super) struct Rows {
    pub(super) server: Vec<Setting<Config>>,
    pub(super) database: Vec<Setting<DatabaseSettings>>,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self {
            server: table::server(),
            database: DatabaseSettings::rows(),
        }
    }

    /// Returns whether the server has a setting with this key.
    fn has(&self, key: &str) -> bool {
        self.server.iter().any(|row| row.key() == key)
    }
}

struct Merge<'t> {
    config: Config,
    unused: Vec<DatabaseSettings>,
    rows: &'t Rows,
    known: Known<'t>,
}

impl Merge<'_> {
    fn apply(&mut self, raw: &RawSetting) -> Result<(), SettingsError> {
        let stored = match &raw.scope {
            Scope::Server => set(&mut self.config, raw, &self.rows.server),
            Scope::Database(name) => {
                let all = self.config.databases.iter_mut().chain(&mut self.unused);
                let mut found = all.filter(|database| database.name == *name);
                let settings = found.next();
                let settings = settings.ok_or_else(|| self.known.unused_database(raw, name))?;
                set(settings, raw, &self.rows.database)
            }
            Scope::Extension(_) if raw.key == ENABLED => Ok(()),
            Scope::Extension(name) => {
                let mut all = self.config.extensions.iter_mut();
                let found = all.find(|extension| extension.name() == name);
                found.expect("others are refused by then").set(raw)
            }
            Scope::Databases | Scope::ExtensionTable(_) => Ok(()),
        };
        stored.map_err(|error| self.known.explain(raw, error).into())
    }
}

fn set<C: Clone + 'static>(
    into: &mut C,
    raw: &RawSetting,
    rows: &[Setting<C>],
) -> Result<(), SetError> {
    let row = rows.iter().find(|row| row.key() == raw.key);
    let row = row.ok_or(SetError::UnknownKey)?;
    let stored = if raw.has_text {
        row.set(into, &raw.text)
    } else {
        Err(row.description().expected.clone())
    };
    stored.map_err(|expected| SetError::Invalid {
        expected,
        secret: row.description().secret,
    })
}
