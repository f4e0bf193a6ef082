//! Ids of people in JSON columns, and the people behind ids.

use anyhow::anyhow;
use sessions::api::{User, UserId};
use std::collections::HashMap;
use storage::Fault;

/// An id inside a JSON column: 32 hex digits, which mean nothing to LIKE.
pub(crate) fn hex(id: UserId) -> String {
    format!("{:032x}", u128::from_be_bytes(id.0))
}

/// The id behind 32 hex digits.
pub(crate) fn from_hex(hex: &str) -> Result<UserId, Fault> {
    let number = u128::from_str_radix(hex, 16).map_err(|_| anyhow!("no id in the column"))?;
    Ok(UserId(number.to_be_bytes()))
}

/// The person with this id. The directory keeps those who wrote something; should one be missing
/// all the same, the log must stay readable.
pub(crate) fn named(users: &HashMap<UserId, User>, id: UserId) -> User {
    users.get(&id).cloned().unwrap_or_else(|| User {
        id,
        name: "unknown".into(),
        guest: true,
    })
}
