//! The `err` object of the protocol.

use crate::contract::contract;
use serde_json::Value;

/// A refusal by the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The stable name of the error.
    pub name: String,
    /// The code, an HTTP status.
    pub code: u64,
    /// The whole object: `field`, `limit`, `suggest`, `retry_after_ms`, …
    pub all: Value,
}

impl Refusal {
    /// Parses an `err` and checks that its name and code are those of the protocol.
    pub fn read(value: &Value) -> Result<Self, String> {
        let name = value["name"]
            .as_str()
            .ok_or_else(|| format!("an err without name: {value}"))?;
        let code = value["code"]
            .as_u64()
            .ok_or_else(|| format!("an err without code: {value}"))?;
        let known = contract().errors.get(name);
        let known = known.ok_or_else(|| format!("an err the protocol does not know: {value}"))?;
        if *known != code {
            return Err(format!("{name} has code {known}, not {code}"));
        }
        if !value["message"].is_string() {
            return Err(format!("an err without message: {value}"));
        }
        if value["retryable"].as_bool() != Some(matches!(code, 429 | 503 | 504)) {
            return Err(format!(
                "retryable is true for 429, 503 and 504 only: {value}"
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            code,
            all: value.clone(),
        })
    }
}

/// Compares with a name.
impl PartialEq<str> for Refusal {
    fn eq(&self, name: &str) -> bool {
        self.name == name
    }
}

impl PartialEq<&str> for Refusal {
    fn eq(&self, name: &&str) -> bool {
        self.name == *name
    }
}
