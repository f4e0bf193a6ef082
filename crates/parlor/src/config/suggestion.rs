//! Guesses which setting was meant by an unknown key.

use super::declared::Declared;
use super::error::NoExtension;
use super::layer::{RawSetting, Scope};
use super::load::Rows;
use super::{ConfigError, SettingsError};
use settings::{AnyTable, Description, SetError, Setting};
use storage::DatabaseSettings;

/// Words that other servers use for a setting.
const SYNONYMS: [(&str, &str); 6] = [
    ("address", "listen"),
    ("bind", "listen"),
    ("host", "listen"),
    ("hostname", "public_names"),
    ("port", "listen"),
    ("loglevel", "log"),
];

/// Parts of a key whose value may be a secret, even if nothing similar is known.
const SECRET: [&str; 9] = [
    "auth", "code", "cred", "key", "pass", "pw", "secret", "token", "url",
];

/// The key of the tables of databases in a file, and of the variable that lists them.
const DATABASES: &str = "databases";

/// Every setting, as far as errors need it.
pub(super) struct Known<'t> {
    server: Vec<Candidate>,
    database: Vec<Candidate>,
    extensions: &'t [Declared],
}

/// A known setting, as far as a suggestion needs it.
#[derive(Clone, Copy)]
struct Candidate {
    key: &'static str,
    secret: bool,
}

impl<'t> Known<'t> {
    /// Takes the rows of the server and its databases, and the tables of its extensions.
    pub(super) fn new(rows: &Rows, extensions: &'t [Declared]) -> Self {
        let databases = Candidate {
            key: DATABASES,
            secret: false,
        };
        let mut server = candidates(&rows.server);
        server.push(databases);
        Self {
            server,
            database: candidates(&rows.database),
            extensions,
        }
    }

    /// Returns the error of a value that was not stored.
    pub(super) fn explain(&self, raw: &RawSetting, error: SetError) -> ConfigError {
        let (expected, secret) = match error {
            SetError::UnknownKey => return self.unknown(raw),
            SetError::Invalid { expected, secret } => (expected, secret),
        };
        let of_type = if raw.has_text {
            ""
        } else {
            ", given as a string, a number, true, false or a list of strings"
        };
        ConfigError {
            name: raw.name.clone(),
            value: (!secret).then(|| raw.text.clone()),
            expected: format!("{expected}{of_type}"),
        }
    }

    /// Returns the error of an unknown key, with the setting that was probably meant. The value is not
    /// shown if it may be a secret: a mistyped password is one too.
    fn unknown(&self, raw: &RawSetting) -> ConfigError {
        let meant = self.meant(raw);
        let secret = meant.as_ref().map_or_else(
            || SECRET.iter().any(|word| raw.key.contains(word)),
            |(_, meant)| meant.secret,
        );
        let expected = match meant {
            Some((scope, meant)) => {
                let meant = spelled(raw, &scope, meant.key);
                format!("a known setting, such as {meant}")
            }
            None => self.listed(raw),
        };
        ConfigError {
            name: raw.name.clone(),
            // A table may contain secrets too.
            value: (raw.has_text && !secret).then(|| raw.text.clone()),
            expected,
        }
    }

    /// Returns the error of a setting of an extension that this server does not have.
    pub(super) fn no_extension(&self, raw: &RawSetting, extension: &str) -> NoExtension {
        let hint = if extension == "core" {
            "the settings of a database are those of databases.core".to_owned()
        } else if let Some(meant) = similar(extension, &self.server) {
            format!("perhaps {} is meant", meant.key)
        } else {
            format!("its extensions are {}", self.extension_names())
        };
        NoExtension {
            name: raw.name.clone(),
            extension: extension.to_owned(),
            hint,
        }
    }

    /// Returns the error of a database that the server does not use.
    pub(super) fn unused_database(&self, raw: &RawSetting, name: &str) -> SettingsError {
        let mut extensions = self.extensions.iter();
        let expected = match extensions.find(|extension| extension.name == name) {
            Some(extension) if extension.has_database() => format!("DATABASES to contain {name}"),
            Some(_) => format!("no such setting: the extension {name} has no database"),
            None => return self.no_extension(raw, name).into(),
        };
        ConfigError::hidden(&raw.name, expected).into()
    }

    fn extension_names(&self) -> String {
        let names: Vec<_> = self.extensions.iter().map(|one| one.name).collect();
        if names.is_empty() {
            return "none".to_owned();
        }
        names.join(", ")
    }

    /// Says where settings are listed; and that the key's first word is no extension, in case it was
    /// meant as one.
    fn listed(&self, raw: &RawSetting) -> String {
        let listed = "a setting listed by `parlor default-config`";
        match &raw.scope {
            Scope::Extension(name) => format!("a setting of the extension {name}, {listed}"),
            Scope::Server => {
                let first = raw.key.split('_').next().unwrap_or_default();
                let others = self.extension_names();
                format!(
                    "{listed}; this server has no extension {first} (its extensions are {others})"
                )
            }
            _ => listed.to_owned(),
        }
    }

    /// Looks among the settings of the same scope first.
    fn meant(&self, raw: &RawSetting) -> Option<(Scope, Candidate)> {
        let own = self.candidates(&raw.scope);
        let other_scope = match &raw.scope {
            Scope::Server => Scope::Database("core".to_owned()),
            _ => Scope::Server,
        };
        let other = self.candidates(&other_scope);
        let here = |candidate| (raw.scope.clone(), candidate);
        let there = |candidate| (other_scope.clone(), candidate);
        similar(&raw.key, &own)
            .or_else(|| synonym(&raw.key, &own))
            .map(here)
            .or_else(|| similar(&raw.key, &other).map(there))
            .or_else(|| sharing_words(&raw.key, &own).map(here))
            .or_else(|| sharing_words(&raw.key, &other).map(there))
    }

    fn candidates(&self, scope: &Scope) -> Vec<Candidate> {
        match scope {
            Scope::Server => self.server.clone(),
            Scope::Extension(name) => {
                let extension = self.extensions.iter().find(|one| one.name == name);
                let table = extension.and_then(|extension| extension.settings.as_ref());
                let rows = table.map(AnyTable::rows).unwrap_or_default();
                rows.iter().map(|(row, _)| Candidate::of(row)).collect()
            }
            _ => self.database.clone(),
        }
    }
}

impl Candidate {
    fn of(row: &Description) -> Self {
        Self {
            key: row.key,
            secret: row.secret,
        }
    }
}

fn candidates<C: Clone + 'static>(rows: &[Setting<C>]) -> Vec<Candidate> {
    let rows = rows.iter();
    rows.map(|row| Candidate::of(row.description())).collect()
}

/// Returns the candidate with the fewest differing letters, at most a quarter of the key.
fn similar(key: &str, candidates: &[Candidate]) -> Option<Candidate> {
    let limit = (key.len() / 4).max(1);
    let near = candidates.iter().filter_map(|candidate| {
        let distance = strsim::damerau_levenshtein(key, candidate.key);
        (distance <= limit).then_some((distance, candidate))
    });
    near.min_by_key(|(distance, candidate)| (*distance, candidate.key))
        .map(|(_, candidate)| *candidate)
}

fn synonym(key: &str, candidates: &[Candidate]) -> Option<Candidate> {
    let (_, meant) = SYNONYMS.iter().find(|(word, _)| *word == key)?;
    candidates.iter().find(|other| other.key == *meant).copied()
}

/// Returns the candidate that has all words of the key, or all of whose words the key has, with the
/// fewest words to spare.
fn sharing_words(key: &str, candidates: &[Candidate]) -> Option<Candidate> {
    let words: Vec<&str> = key.split(['_', '-', '.']).collect();
    let sharing = candidates.iter().filter_map(|candidate| {
        let others: Vec<&str> = candidate.key.split('_').collect();
        let within = words.iter().all(|word| others.contains(word));
        let around = others.iter().all(|word| words.contains(word));
        (within || around).then_some((words.len().abs_diff(others.len()), candidate))
    });
    sharing
        .min_by_key(|(spare, candidate)| (*spare, candidate.key))
        .map(|(_, candidate)| *candidate)
}

/// Returns the key in the spelling that the operator used: a variable, or a key in a file.
fn spelled(raw: &RawSetting, scope: &Scope, key: &str) -> String {
    let is_variable = raw.name.chars().all(|c| !c.is_lowercase());
    match scope {
        Scope::Database(name) if is_variable => {
            format!(
                "{}{}",
                DatabaseSettings::prefix_of(name),
                key.to_uppercase()
            )
        }
        Scope::Database(name) if *scope != raw.scope => format!("databases.{name}.{key}"),
        Scope::Extension(name) if is_variable => format!("PARLOR_{name}_{key}").to_uppercase(),
        Scope::Extension(name) => format!("{name}.{key}"),
        _ if is_variable && (key.starts_with("otel_") || key == DATABASES) => key.to_uppercase(),
        _ if is_variable => format!("PARLOR_{}", key.to_uppercase()),
        _ => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Table, number, value};

    #[derive(Clone, Default)]
    struct Karma {
        top_max: u32,
        token: Option<String>,
    }

    impl Table for Karma {
        fn rows() -> Vec<Setting<Self>> {
            vec![
                number("top_max", "people", 1..=9, |c: &mut Self| &mut c.top_max),
                value("token", "a token", |c: &mut Self| &mut c.token).secret(),
            ]
        }
    }

    fn suggested(name: &str, scope: Scope, key: &str) -> String {
        let karma = Declared {
            name: "karma",
            settings: Some(AnyTable::of::<Karma>()),
            migrations: None,
            on_by_default: true,
            reads_private: false,
        };
        let raw = RawSetting {
            scope,
            key: key.to_owned(),
            name: name.to_owned(),
            text: "x".to_owned(),
            has_text: true,
        };
        Known::new(&Rows::new(), &[karma]).unknown(&raw).to_string()
    }

    fn variable(name: &str) -> String {
        let of_core = name.strip_prefix("CORE_DB_");
        let key = of_core.unwrap_or(name.trim_start_matches("PARLOR_"));
        let scope = of_core.map_or(Scope::Server, |_| Scope::Database("core".to_owned()));
        suggested(name, scope, &key.to_lowercase())
    }

    #[test]
    fn the_setting_that_was_meant_is_suggested() {
        for (name, meant) in [
            ("PARLOR_LISTNE", "PARLOR_LISTEN"),
            ("PARLOR_PORT", "PARLOR_LISTEN"),
            ("PARLOR_LOG_LEVEL", "PARLOR_LOG"),
            ("PARLOR_DATADIR", "PARLOR_DATA_DIR"),
            ("PARLOR_RETENTION", "PARLOR_RETENTION_DAYS"),
            ("PARLOR_POOL_MAX", "CORE_DB_POOL_MAX"),
            ("PARLOR_DATABASE_URL", "CORE_DB_URL"),
            ("CORE_DB_MAX_POOL", "CORE_DB_POOL_MAX"),
            ("CORE_DB_POOLMAX", "CORE_DB_POOL_MAX"),
            ("CORE_DB_DRAIN_MS", "PARLOR_DRAIN_MS"),
            ("PARLOR_DATABASES", "DATABASES"),
            ("PARLOR_TRUSTED_PROXY", "PARLOR_TRUSTED_PROXIES"),
        ] {
            let said = variable(name);
            assert!(
                said.ends_with(&format!("such as {meant}")),
                "{name}: {said}"
            );
        }
        let in_file = suggested("drain in parlor.toml", Scope::Server, "drain");
        assert!(in_file.ends_with("such as drain_ms"), "{in_file}");
        let misplaced = suggested("pool_max in parlor.toml", Scope::Server, "pool_max");
        assert!(
            misplaced.ends_with("such as databases.core.pool_max"),
            "{misplaced}"
        );
        let unlike = variable("PARLOR_WEATHER");
        assert!(
            unlike.contains("listed by `parlor default-config`; "),
            "{unlike}"
        );
        assert!(unlike.contains("no extension weather"), "{unlike}");
    }

    #[test]
    fn an_extensions_setting_that_was_meant_is_suggested() {
        let karma = || Scope::Extension("karma".to_owned());
        for (name, meant) in [
            ("PARLOR_KARMA_TOP_MX", "PARLOR_KARMA_TOP_MAX"),
            ("karma.top_mx in parlor.toml", "karma.top_max"),
            ("karma.log in parlor.toml", "log"),
        ] {
            let key = if name.contains("log") {
                "log"
            } else {
                "top_mx"
            };
            let said = suggested(name, karma(), key);
            assert!(said.ends_with(&format!("such as {meant}")), "{said}");
        }
        let secret = suggested("PARLOR_KARMA_TOKN", karma(), "tokn");
        assert!(secret.contains("not shown"), "{secret}");
        let unlike = suggested("karma.weather in parlor.toml", karma(), "weather");
        assert!(
            unlike.contains("a setting of the extension karma"),
            "{unlike}"
        );
    }

    #[test]
    fn a_mistyped_secret_is_not_shown() {
        for name in ["CORE_DB_PASWORD", "CORE_DB_PW", "PARLOR_JWT_SECRETS"] {
            assert!(
                variable(name).contains("not shown"),
                "{name}: {}",
                variable(name)
            );
        }
    }
}
