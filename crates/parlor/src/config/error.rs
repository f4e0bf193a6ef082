//! What is wrong with the settings.

use settings::Contradiction;
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
    /// Creates the error of a setting whose value must not be shown, or has none.
    pub(crate) fn hidden(name: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: None,
            expected: expected.into(),
        }
    }

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

impl From<Contradiction> for ConfigError {
    fn from(found: Contradiction) -> Self {
        Self {
            name: found.key,
            value: found.value,
            expected: found.expected,
        }
    }
}

/// A file that cannot be read as settings.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}; {remedy}")]
pub(crate) struct FileError {
    /// The file, and the place in it.
    pub(crate) file: String,
    /// What is wrong.
    pub(crate) problem: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

/// A setting of an extension that this server does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: this server has no extension {extension}; {hint}")]
pub(crate) struct NoExtension {
    /// The name as the operator wrote it.
    pub(crate) name: String,
    /// The extension that the setting would belong to.
    pub(crate) extension: String,
    /// What the operator could do.
    pub(crate) hint: String,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// One setting is wrong.
    #[error(transparent)]
    Setting(#[from] ConfigError),
    /// A file with settings is wrong.
    #[error(transparent)]
    File(#[from] FileError),
    /// One setting is of an extension that is not there.
    #[error(transparent)]
    Extension(#[from] NoExtension),
}
