//! An `err` of the protocol.

use crate::contract::contract;
use serde_json::Value;

/// What the server declined with.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The stable key.
    pub name: String,
    /// HTTP's idea of it.
    pub code: u64,
    /// All of it: `field`, `limit`, `suggest`, `retry_after_ms`, …
    pub all: Value,
}

impl Refusal {
    /// Reads an `err` and checks that it is one the protocol knows, with its own code.
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

/// A refusal is its name, where names are compared.
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
