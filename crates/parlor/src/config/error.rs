//! What is wrong with a setting, as one line.

use std::fmt;

/// A setting that stops the boot: which, what was given, what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// As the operator wrote it: `CORE_DB_POOLMAX`, `drain_ms in parlor.toml`, `--listen`.
    pub(crate) name: String,
    /// What was given; `None` when it must not be shown.
    pub(crate) given: Option<String>,
    /// What would have been right.
    pub(crate) expected: String,
}

impl ConfigError {
    pub(crate) fn new(
        name: impl Into<String>,
        given: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            given: Some(given.into()),
            expected: expected.into(),
        }
    }

    /// A key that nothing reads, with the one it resembles among `known`, written as the operator
    /// wrote it.
    pub(crate) fn unknown<'k>(
        name: &str,
        given: &str,
        key: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Self {
        let near = known
            .into_iter()
            .map(|candidate| (strsim::damerau_levenshtein(key, candidate), candidate))
            .filter(|(distance, _)| *distance <= 3)
            .min();
        let expected = match near {
            Some((_, near)) => format!("a known setting, such as {}", dressed(name, key, near)),
            None => "a setting that `parlor default-config` lists".to_owned(),
        };
        Self::new(name, given, expected)
    }
}

/// `near` in the place of `key` within `name`: `CORE_DB_POOLMAX` becomes `CORE_DB_POOL_MAX`.
fn dressed(name: &str, key: &str, near: &str) -> String {
    match name.strip_suffix(&key.to_uppercase()) {
        Some(prefix) => format!("{prefix}{}", near.to_uppercase()),
        None => near.to_owned(),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.given {
            Some(given) => write!(
                f,
                "{}: got {given:?}, expected {}",
                self.name, self.expected
            ),
            None => write!(
                f,
                "{}: got something else (not shown), expected {}",
                self.name, self.expected
            ),
        }
    }
}

impl std::error::Error for ConfigError {}
