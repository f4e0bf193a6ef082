//! People's ids in JSON columns, and looking people up by id.

use anyhow::anyhow;
use sessions::api::{User, UserId};
use std::collections::HashMap;
use storage::Fault;

/// Returns an id for a JSON column: 32 hex digits, safe in a LIKE pattern.
pub(crate) fn hex(id: UserId) -> String {
    format!("{:032x}", u128::from_be_bytes(id.0))
}

/// Parses an id of 32 hex digits.
pub(crate) fn from_hex(hex: &str) -> Result<UserId, Fault> {
    let number = u128::from_str_radix(hex, 16).map_err(|_| anyhow!("not an id: {hex:?}"))?;
    Ok(UserId(number.to_be_bytes()))
}

/// Returns the person with this id, or a guest named `unknown`: the directory keeps everyone who wrote
/// something, but should one be missing, the log must stay readable.
pub(crate) fn named(users: &HashMap<UserId, User>, id: UserId) -> User {
    users.get(&id).cloned().unwrap_or_else(|| User {
        id,
        name: "unknown".into(),
        guest: true,
    })
}
