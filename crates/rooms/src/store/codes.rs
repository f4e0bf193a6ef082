//! The numbers that stand for enum values in the tables. A number never changes its meaning.

use crate::api::{History, Kind, Role};
use anyhow::anyhow;
use storage::Fault;

/// The values of `entries.kind`.
pub(crate) mod entry {
    pub(crate) const MESSAGE: i16 = 1;
    pub(crate) const EDITED: i16 = 2;
    pub(crate) const DELETED: i16 = 3;
    pub(crate) const REACTION: i16 = 4;
    pub(crate) const JOINED: i16 = 5;
    pub(crate) const LEFT: i16 = 6;
    pub(crate) const INVITED: i16 = 7;
    pub(crate) const KICKED: i16 = 8;
    pub(crate) const BANNED: i16 = 9;
    pub(crate) const UNBANNED: i16 = 10;
    pub(crate) const MUTED: i16 = 11;
    pub(crate) const UNMUTED: i16 = 12;
    pub(crate) const ROLE: i16 = 13;
    pub(crate) const ROOM: i16 = 14;
}

/// An enum whose values are stored as small numbers.
pub(crate) trait Code: Sized + Copy + PartialEq + 'static {
    /// Every value with its number.
    const ALL: &'static [(Self, i16)];
    /// The enum's name in the error about an unknown number.
    const WHAT: &'static str;

    fn code(self) -> i16 {
        let found = Self::ALL.iter().find(|(value, _)| *value == self);
        found.expect("every value is in the list").1
    }

    fn decode(code: i16) -> Result<Self, Fault> {
        let found = Self::ALL.iter().find(|(_, number)| *number == code);
        let found = found.ok_or_else(|| anyhow!("unknown {}: {code}", Self::WHAT))?;
        Ok(found.0)
    }
}

impl Code for Kind {
    const ALL: &'static [(Self, i16)] = &[(Self::Public, 1), (Self::Private, 2), (Self::Direct, 3)];
    const WHAT: &'static str = "kind of room";
}

impl Code for History {
    const ALL: &'static [(Self, i16)] = &[(Self::All, 1), (Self::SinceJoin, 2)];
    const WHAT: &'static str = "kind of history";
}

impl Code for Role {
    const ALL: &'static [(Self, i16)] =
        &[(Self::Member, 1), (Self::Moderator, 2), (Self::Owner, 3)];
    const WHAT: &'static str = "role";
}
