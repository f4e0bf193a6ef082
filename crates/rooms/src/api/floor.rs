//! How recent a read on a replica must be.
//!
//! Everything that changes what a room shows is an entry and moves the room's head: messages, edits,
//! deletions, reactions, joining and leaving, roles, mutes, bans, the room's properties. So a
//! snapshot with at least the primary's head contains all of it, including the reader's own
//! acknowledged writes and the end of their membership. Only retention leaves the head where it is;
//! it raises the first visible entry instead.

use super::{RoomKey, Seq};
use crate::log_writer::permissions;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use sessions::api::UserId;
use storage::prelude::*;

/// The range of a room's log that a reader sees; a read on a replica must reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// The `seq` of the room's last entry.
    pub head: Seq,
    /// The first entry that the reader may read.
    pub visible_from: Seq,
}

impl Floor {
    /// Returns the floor for a member, or for the server itself, which may read everything.
    pub(crate) fn of(room: &Room, member: Option<&MemberRecord>) -> Self {
        let visible_from = match member {
            Some(member) => permissions::visible_from(room, member),
            None => room.kept_from,
        };
        Self {
            head: room.head,
            visible_from,
        }
    }

    /// Returns whether a snapshot with the floor `seen` is as recent as this and shows no entry that
    /// this one hides.
    #[must_use]
    pub fn is_reached_by(&self, seen: &Self) -> bool {
        seen.head >= self.head && seen.visible_from >= self.visible_from
    }
}

/// Reads a room's floor for a reader; `None` as the reader is the server itself. Returns `None` if
/// there is no such room or the reader is not a member.
pub async fn floor(
    access: &mut impl Access,
    room: &RoomKey,
    reader: Option<UserId>,
) -> Result<Option<Floor>, Fault> {
    let Some(room) = rooms::find(access, room).await? else {
        return Ok(None);
    };
    let Some(user) = reader else {
        return Ok(Some(Floor::of(&room, None)));
    };
    let member = members::find(access, room.info.id, user).await?;
    Ok(member.map(|member| Floor::of(&room, Some(&member))))
}

#[cfg(test)]
mod tests {
    use super::Floor;

    #[test]
    fn an_older_head_or_a_wider_view_does_not_reach_the_floor() {
        let floor = |head, visible_from| Floor { head, visible_from };
        let least = floor(10, 3);
        assert!(least.is_reached_by(&floor(10, 3)));
        assert!(
            least.is_reached_by(&floor(12, 5)),
            "newer, and truncated since"
        );
        assert!(!least.is_reached_by(&floor(9, 3)), "an entry is missing");
        assert!(
            !least.is_reached_by(&floor(10, 2)),
            "a deleted entry still shows"
        );
    }
}
