//! The error of a wrong setting.

use std::fmt;

/// A wrong setting, which stops the start; shown as one line with name, value and expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// The name as the operator wrote it: `CORE_DB_POOLMAX`, `drain_ms in parlor.toml`, `--listen`.
    pub(crate) name: String,
    /// The value; `None` if it must not be shown.
    pub(crate) value: Option<String>,
    /// What would be valid.
    pub(crate) expected: String,
}

impl ConfigError {
    pub(crate) fn new(
        name: impl Into<String>,
        value: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
            expected: expected.into(),
        }
    }

    /// Returns the error of an unknown key. Suggests the most similar key of `known`, in the
    /// spelling that the operator used.
    pub(crate) fn unknown<'k>(
        name: &str,
        value: &str,
        key: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Self {
        let near = known
            .into_iter()
            .map(|candidate| (strsim::damerau_levenshtein(key, candidate), candidate))
            .filter(|(distance, _)| *distance <= 3)
            .min();
        let expected = match near {
            Some((_, near)) => format!("a known setting, such as {}", respelled(name, key, near)),
            None => "a setting listed by `parlor default-config`".to_owned(),
        };
        Self::new(name, value, expected)
    }
}

/// Replaces `key` by `near` within `name`: `CORE_DB_POOLMAX` becomes `CORE_DB_POOL_MAX`.
fn respelled(name: &str, key: &str, near: &str) -> String {
    match name.strip_suffix(&key.to_uppercase()) {
        Some(prefix) => format!("{prefix}{}", near.to_uppercase()),
        None => near.to_owned(),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(
                f,
                "{}: got {value:?}, expected {}",
                self.name, self.expected
            ),
            None => write!(
                f,
                "{}: invalid value (not shown), expected {}",
                self.name, self.expected
            ),
        }
    }
}

impl std::error::Error for ConfigError {}
