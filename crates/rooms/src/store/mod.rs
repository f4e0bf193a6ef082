//! The tables of this crate and every query on them.

mod codes;
pub(crate) mod entries;
pub(crate) mod entry_row;
pub(crate) mod insert;
pub(crate) mod lookups;
mod marks;
pub(crate) mod members;
pub(crate) mod of_kind;
pub(crate) mod people;
#[cfg(test)]
mod plan;
pub(crate) mod quotas;
pub(crate) mod retention;
pub(crate) mod rooms;
mod schema;

pub(crate) use codes::entry as kinds;
pub(crate) use marks::{bans, invitations};
