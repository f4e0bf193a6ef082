//! This crate's tables and every query on them.

pub(crate) mod bans;
mod codes;
pub(crate) mod entries;
pub(crate) mod entry_row;
pub(crate) mod heads;
pub(crate) mod insert;
pub(crate) mod invitations;
pub(crate) mod kind_filter;
pub(crate) mod last_messages;
pub(crate) mod links;
pub(crate) mod lookups;
pub(crate) mod members;
pub(crate) mod mutes;
pub(crate) mod owners;
pub(crate) mod people;
#[cfg(test)]
mod plans;
pub(crate) mod preferences;
pub(crate) mod quotas;
pub(crate) mod references;
mod remove_of_users;
pub(crate) mod retention;
pub(crate) mod rooms;
mod schema;

pub(crate) use codes::entry as kinds;

use schema::{BANS, ENTRIES, INVITATIONS, MEMBERS, MUTES, ROOM_AGES, ROOM_LINKS, ROOMS};
use storage::transfer::KnownTable;

/// The tables of this crate, each after those that it refers to.
pub const TABLES: &[KnownTable] = &[
    ROOMS,
    MEMBERS,
    ROOM_AGES,
    BANS,
    INVITATIONS,
    MUTES,
    ROOM_LINKS,
    ENTRIES,
];
