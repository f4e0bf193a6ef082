//! Settings that contradict each other.

use std::error::Error;
use std::fmt;

/// A setting that is valid by itself but contradicts another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The key of the setting.
    pub key: String,
    /// Its value; `None` if it must not be shown.
    pub value: Option<String>,
    /// What would be valid: completes the sentence "expected …".
    pub expected: String,
}

impl Contradiction {
    /// Creates the error of a setting whose value may be shown.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        value: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            value: Some(value.into()),
            expected: expected.into(),
        }
    }

    /// Creates the error of a setting whose value is a secret.
    #[must_use]
    pub fn hidden(key: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: None,
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, expected, .. } = self;
        match &self.value {
            Some(value) => write!(f, "{key}: got {value:?}, expected {expected}"),
            None => write!(f, "{key}: invalid value (not shown), expected {expected}"),
        }
    }
}

impl Error for Contradiction {}
