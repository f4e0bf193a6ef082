//! A table without its type, as an extension declares it.

use crate::{Contradiction, Description, Setting, Table};
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A table whose type is known only to its owner. Begins with the defaults; a clone has values of its
/// own.
pub struct AnyTable(Box<dyn Erased>);

impl AnyTable {
    /// Returns the defaults of `C`.
    #[must_use]
    pub fn of<C: Table>() -> Self {
        Self(Box::new(Typed {
            rows: C::rows().into(),
            settings: C::default(),
        }))
    }

    /// Returns each setting's description, with its current value as TOML.
    #[must_use]
    pub fn rows(&self) -> Vec<(Description, String)> {
        self.0.rows()
    }

    /// Parses a value and stores it.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), SetError> {
        self.0.set(key, text)
    }

    /// Checks settings that are valid one by one but contradict each other.
    pub fn check(&self) -> Result<(), Contradiction> {
        self.0.check()
    }

    /// Returns a copy of the current values: the `C` of [`AnyTable::of`].
    #[must_use]
    pub fn value(&self) -> Arc<dyn Any + Send + Sync> {
        self.0.value()
    }
}

impl Clone for AnyTable {
    fn clone(&self) -> Self {
        Self(self.0.copy())
    }
}

impl fmt::Debug for AnyTable {
    /// Shows no values: some are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.0.rows().iter().map(|(row, _)| row.key).collect();
        f.debug_tuple("AnyTable").field(&keys).finish()
    }
}

/// Why a value was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetError {
    /// The table has no such key.
    UnknownKey,
    /// The text is not a valid value.
    Invalid {
        /// The valid values: completes the sentence "expected …".
        expected: String,
        /// Whether the text must not be shown.
        secret: bool,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => f.write_str("there is no such setting"),
            Self::Invalid { expected, .. } => write!(f, "invalid value, expected {expected}"),
        }
    }
}

impl Error for SetError {}

trait Erased: Send + Sync {
    fn rows(&self) -> Vec<(Description, String)>;
    fn set(&mut self, key: &str, text: &str) -> Result<(), SetError>;
    fn check(&self) -> Result<(), Contradiction>;
    fn value(&self) -> Arc<dyn Any + Send + Sync>;
    fn copy(&self) -> Box<dyn Erased>;
}

struct Typed<C> {
    rows: Arc<[Setting<C>]>,
    settings: C,
}

impl<C: Table> Erased for Typed<C> {
    fn rows(&self) -> Vec<(Description, String)> {
        let rows = self.rows.iter();
        rows.map(|row| (row.description().clone(), row.show(&self.settings)))
            .collect()
    }

    fn set(&mut self, key: &str, text: &str) -> Result<(), SetError> {
        let mut rows = self.rows.iter();
        let row = rows
            .find(|row| row.key() == key)
            .ok_or(SetError::UnknownKey)?;
        row.set(&mut self.settings, text)
            .map_err(|expected| SetError::Invalid {
                expected,
                secret: row.description().secret,
            })
    }

    fn check(&self) -> Result<(), Contradiction> {
        self.settings.check()
    }

    fn value(&self) -> Arc<dyn Any + Send + Sync> {
        Arc::new(self.settings.clone())
    }

    fn copy(&self) -> Box<dyn Erased> {
        Box::new(Self {
            rows: Arc::clone(&self.rows),
            settings: self.settings.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{number, value};

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Fees {
        low: u32,
        high: u32,
        code: Option<String>,
    }

    impl Default for Fees {
        fn default() -> Self {
            Self {
                low: 1,
                high: 5,
                code: None,
            }
        }
    }

    impl Table for Fees {
        fn rows() -> Vec<Setting<Self>> {
            vec![
                number("low", "cents", 0..=9, |c: &mut Self| &mut c.low),
                number("high", "cents", 0..=9, |c: &mut Self| &mut c.high),
                value("code", "a code", |c: &mut Self| &mut c.code).secret(),
            ]
        }

        fn check(&self) -> Result<(), Contradiction> {
            if self.low <= self.high {
                return Ok(());
            }
            let expected = format!("at most high, which is {}", self.high);
            Err(Contradiction::new("low", self.low.to_string(), expected))
        }
    }

    #[test]
    fn what_was_set_comes_back_with_its_type() {
        let mut table = AnyTable::of::<Fees>();
        assert_eq!(table.set("low", "3"), Ok(()));
        assert_eq!(table.set("code", "x"), Ok(()));
        let fees = table.value().downcast::<Fees>().unwrap();
        assert_eq!((fees.low, fees.high), (3, 5));
        let shown: Vec<_> = table.rows().into_iter().map(|(_, value)| value).collect();
        assert_eq!(shown, ["3", "5", "\"x\""]);
    }

    #[test]
    fn a_wrong_setting_says_what_is_expected_and_whether_it_is_a_secret() {
        let mut table = AnyTable::of::<Fees>();
        assert_eq!(table.set("middle", "3"), Err(SetError::UnknownKey));
        let expected = "a whole number of cents from 0 to 9".to_owned();
        assert_eq!(
            table.set("low", "10"),
            Err(SetError::Invalid {
                expected,
                secret: false
            })
        );
        assert_eq!(*table.value().downcast::<Fees>().unwrap(), Fees::default());
    }

    #[test]
    fn a_contradiction_is_found_at_the_end() {
        let mut table = AnyTable::of::<Fees>();
        table.set("low", "9").unwrap();
        let error = table.check().unwrap_err().to_string();
        assert_eq!(error, "low: got \"9\", expected at most high, which is 5");
    }

    #[test]
    fn a_clone_has_values_of_its_own() {
        let first = AnyTable::of::<Fees>();
        let mut second = first.clone();
        second.set("low", "2").unwrap();
        assert_eq!(*first.value().downcast::<Fees>().unwrap(), Fees::default());
        assert!(!format!("{second:?}").contains('2'), "no values in Debug");
    }
}
