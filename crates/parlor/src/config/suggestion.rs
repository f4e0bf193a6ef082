//! Guesses which setting was meant by an unknown key.

use super::layer::{RawSetting, Scope};
use super::setting::Setting;
use super::{Config, ConfigError, DatabaseSettings, databases};

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

/// Every setting of the server and of a database.
pub(super) struct Known<'t> {
    pub(super) server: &'t [Setting<Config>],
    pub(super) database: &'t [Setting<DatabaseSettings>],
}

/// A known setting, as far as a suggestion needs it.
#[derive(Clone, Copy)]
struct Candidate {
    key: &'static str,
    secret: bool,
}

impl Known<'_> {
    /// Returns the error of an unknown key, with the setting that was probably meant. The value is not
    /// shown if it may be a secret: a mistyped password is one too.
    pub(super) fn unknown(&self, raw: &RawSetting) -> ConfigError {
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
            None => "a setting listed by `parlor default-config`".to_owned(),
        };
        ConfigError {
            name: raw.name.clone(),
            // A table may contain secrets too.
            value: (raw.has_text && !secret).then(|| raw.text.clone()),
            expected,
        }
    }

    /// Looks among the settings of the same scope first.
    fn meant(&self, raw: &RawSetting) -> Option<(Scope, Candidate)> {
        let own = self.candidates(&raw.scope);
        let other_scope = match &raw.scope {
            Scope::Database(_) => Scope::Server,
            Scope::Server | Scope::Databases => Scope::Database("core".to_owned()),
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
            Scope::Database(_) => candidates(self.database),
            Scope::Server | Scope::Databases => {
                let databases = Candidate {
                    key: DATABASES,
                    secret: false,
                };
                let server = candidates(self.server);
                server.into_iter().chain([databases]).collect()
            }
        }
    }
}

fn candidates<C>(table: &[Setting<C>]) -> Vec<Candidate> {
    let rows = table.iter().map(|setting| Candidate {
        key: setting.key,
        secret: setting.secret,
    });
    rows.collect()
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
            format!("{}{}", databases::prefix(name), key.to_uppercase())
        }
        Scope::Database(name) if *scope != raw.scope => format!("databases.{name}.{key}"),
        _ if is_variable && (key.starts_with("otel_") || key == DATABASES) => key.to_uppercase(),
        _ if is_variable => format!("PARLOR_{}", key.to_uppercase()),
        _ => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{databases, table};
    use super::*;

    fn suggested(name: &str, scope: Scope, key: &str) -> String {
        let (server, database) = (table::server(), databases::table());
        let known = Known {
            server: &server,
            database: &database,
        };
        let raw = RawSetting {
            scope,
            key: key.to_owned(),
            name: name.to_owned(),
            text: "x".to_owned(),
            has_text: true,
        };
        known.unknown(&raw).to_string()
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
        assert!(unlike.ends_with("`parlor default-config`"), "{unlike}");
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
