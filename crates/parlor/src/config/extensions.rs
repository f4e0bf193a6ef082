//! Which extensions run, by the settings, and with which settings.

use super::declared::{Declared, ENABLED};
use super::layer::{RawSetting, Scope};
use super::suggestion::Known;
use super::{ConfigError, SettingsError};
use settings::{Contradiction, SetError, Value as _};
use std::collections::BTreeMap;

/// An extension of this server, as the settings have it.
#[derive(Debug, Clone)]
pub(crate) struct ConfiguredExtension {
    /// Its declaration, with the configured values in its table.
    pub(crate) declared: Declared,
    /// Whether it runs.
    pub(crate) state: ExtensionState,
}

/// Whether an extension runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExtensionState {
    /// The server includes it.
    On,
    /// The settings leave it out, or nothing asks for one that is off by default.
    Off,
    /// `DATABASES` leaves out its database.
    Unlisted,
}

impl ConfiguredExtension {
    /// Returns the extension's name.
    pub(crate) fn name(&self) -> &'static str {
        self.declared.name
    }

    /// Returns whether it runs.
    pub(crate) fn is_on(&self) -> bool {
        self.state == ExtensionState::On
    }

    /// Returns whether it runs with a database.
    pub(super) fn uses_database(&self) -> bool {
        self.is_on() && self.declared.has_database()
    }

    /// Stores one of its settings.
    pub(super) fn set(&mut self, raw: &RawSetting) -> Result<(), SetError> {
        let settings = self
            .declared
            .settings
            .as_mut()
            .ok_or(SetError::UnknownKey)?;
        if raw.has_text {
            return settings.set(&raw.key, &raw.text);
        }
        let mut rows = settings.rows().into_iter();
        let row = rows.find(|(row, _)| row.key == raw.key);
        let (row, _) = row.ok_or(SetError::UnknownKey)?;
        Err(SetError::Invalid {
            expected: row.expected,
            secret: row.secret,
        })
    }

    /// Returns the first contradiction in its settings.
    pub(super) fn check(&self) -> Result<(), Contradiction> {
        let Some(settings) = &self.declared.settings else {
            return Ok(());
        };
        settings.check().map_err(|found| Contradiction {
            key: format!("{}.{}", self.name(), found.key),
            ..found
        })
    }
}

/// The databases that the settings list, with where they do.
#[derive(Debug, Default)]
pub(super) struct ListedDatabases {
    /// The variable `DATABASES`: only what it lists is used.
    by_variable: Option<Vec<(String, String)>>,
    /// The tables `[databases.NAME]` of the file.
    in_file: Vec<(String, String)>,
}

impl ListedDatabases {
    /// Reads both lists.
    pub(super) fn new(file: &[RawSetting], environment: &[(String, String)]) -> Self {
        let variable = environment.iter().find(|(name, _)| name == "DATABASES");
        let by_variable = variable.map(|(variable, list)| {
            let names = list.split(',').map(str::trim);
            names
                .map(|name| (variable.clone(), name.to_owned()))
                .collect()
        });
        let tables = file.iter().filter(|raw| raw.scope == Scope::Databases);
        let in_file = tables.map(|raw| (raw.name.clone(), raw.text.clone()));
        Self {
            by_variable,
            in_file: in_file.collect(),
        }
    }

    /// Refuses databases that neither the core nor an extension has. With `DATABASES`, the file may have
    /// tables for more than is used, as long as nothing is set there.
    fn check(&self, declared: &[Declared]) -> Result<(), SettingsError> {
        for (source, name) in self.effective() {
            if !super::declared::is_word(name) {
                let expected = "names of a-z, 0-9 and _, such as core,analytics";
                return Err(ConfigError::new(source, name, expected).into());
            }
            let extension = declared.iter().find(|one| one.name == name);
            if name == "core" || extension.is_some_and(Declared::has_database) {
                continue;
            }
            let mut names = vec!["core"];
            names.extend(
                declared
                    .iter()
                    .filter(|one| one.has_database())
                    .map(|one| one.name),
            );
            let why = match extension {
                Some(_) => format!("the extension {name} has no database"),
                None => format!("this server has no extension {name}"),
            };
            let expected = format!("{}: {why}", names.join(" or "));
            return Err(ConfigError::new(source, name, expected).into());
        }
        Ok(())
    }

    fn effective(&self) -> &[(String, String)] {
        self.by_variable.as_ref().unwrap_or(&self.in_file)
    }

    fn contains(&self, name: &str) -> bool {
        self.effective().iter().any(|(_, listed)| listed == name)
    }

    /// Returns whether a database must be listed to be used.
    pub(super) fn excludes(&self, name: &str) -> bool {
        self.by_variable.is_some() && !self.contains(name)
    }
}

/// Decides which extensions run. `layers` are all settings, lowest precedence first.
pub(super) fn decide<'r>(
    declared: &[Declared],
    listed: &ListedDatabases,
    known: &Known<'_>,
    layers: impl Iterator<Item = &'r RawSetting>,
) -> Result<Vec<ConfiguredExtension>, SettingsError> {
    listed.check(declared)?;
    let switches = switches(declared, known, layers)?;
    let configured = declared.iter().map(|one| {
        let state = state(one, listed, switches.get(one.name))?;
        let declared = one.clone();
        Ok(ConfiguredExtension { declared, state })
    });
    configured.collect()
}

/// Returns the last switch of each extension, with the name of its setting.
fn switches<'r>(
    declared: &[Declared],
    known: &Known<'_>,
    layers: impl Iterator<Item = &'r RawSetting>,
) -> Result<BTreeMap<&'r str, (bool, &'r str)>, SettingsError> {
    let mut switches = BTreeMap::new();
    for raw in layers {
        let (Scope::Extension(name) | Scope::ExtensionTable(name)) = &raw.scope else {
            continue;
        };
        if !declared.iter().any(|one| one.name == name) {
            return Err(known.no_extension(raw, name).into());
        }
        if raw.key != ENABLED || matches!(raw.scope, Scope::ExtensionTable(_)) {
            continue;
        }
        let switch = if raw.has_text {
            bool::parse(&raw.text)
        } else {
            None
        };
        let Some(switch) = switch else {
            return Err(ConfigError::new(&raw.name, &raw.text, "on or off").into());
        };
        switches.insert(name.as_str(), (switch, raw.name.as_str()));
    }
    Ok(switches)
}

fn state(
    declared: &Declared,
    listed: &ListedDatabases,
    switch: Option<&(bool, &str)>,
) -> Result<ExtensionState, ConfigError> {
    let name = declared.name;
    let is_excluded = declared.has_database() && listed.excludes(name);
    let is_listed = declared.has_database() && listed.contains(name);
    let is_on = match switch {
        Some((true, source)) if is_excluded => {
            let expected = format!("off, or DATABASES to contain {name}");
            return Err(ConfigError::new(*source, "on", expected));
        }
        Some((switch, _)) => *switch,
        None => is_listed || declared.on_by_default,
    };
    Ok(match is_on {
        true if is_excluded => ExtensionState::Unlisted,
        true => ExtensionState::On,
        false => ExtensionState::Off,
    })
}
