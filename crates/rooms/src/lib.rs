//! Rooms, members, roles, and each room's log.
//!
//! Everything others may use is in [`api`]; the tables `rooms`, `members`, `bans`, `invitations` and
//! `entries` are this crate's own, and [`api::log`] is the only pen that writes a room's log.

pub mod api;
mod page;
mod pen;
mod store;
