//! What the chat answers to a `hello`.

use crate::pid::Resumable;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The members of the answer that matter here.
#[derive(Deserialize)]
pub(super) struct HelloReply<'a> {
    token: String,
    epoch: String,
    pub(super) resumed: bool,
    #[serde(borrow)]
    pub(super) user: &'a RawValue,
    pub(super) rooms: BTreeMap<String, RoomLine>,
}

/// How far a room is.
#[derive(Deserialize)]
pub(super) struct RoomLine {
    #[serde(default)]
    pub(super) head: u64,
    /// From where entries follow.
    pub(super) from: Option<u64>,
    gap: Option<(u64, u64)>,
    #[serde(default)]
    pub(super) gone: bool,
    #[serde(default)]
    reset: bool,
}

/// A user, as the names of other Socket.IO servers have it.
#[derive(Deserialize)]
pub(super) struct HelloUser {
    pub(super) id: String,
    pub(super) name: String,
}

impl HelloReply<'_> {
    pub(super) fn resumable(&self) -> Resumable {
        Resumable {
            token: self.token.clone(),
            epoch: self.epoch.clone(),
        }
    }

    /// Returns whether everything that was missed follows.
    pub(super) fn is_complete(&self) -> bool {
        self.rooms.values().all(RoomLine::is_complete)
    }
}

impl RoomLine {
    /// Returns whether all entries that were missed follow, or none may be read any more.
    pub(super) fn is_complete(&self) -> bool {
        self.gap.is_none() && !self.reset
    }
}
