//! How old a read may be that is done beside the primary.
//!
//! Whatever changes what a room shows is an entry and moves its head: messages, edits, deletions and
//! reactions, joining and leaving, roles, mutes and bans, the room's own settings. So a snapshot
//! with at least that head has all of it, the reader's own acknowledged writes and the end of their
//! membership too. Only forgetting old entries moves no head: it raises what is visible instead.

use super::{RoomKey, Seq};
use crate::log_writer::permissions;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use sessions::api::UserId;
use storage::prelude::*;

/// How far a room has come, as someone may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// The room's last `seq`.
    pub head: Seq,
    /// The first entry that may be read.
    pub visible_from: Seq,
}

impl Floor {
    /// Of a member, or of the server's own eyes.
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

    /// Whether what was seen there is no older than this, and shows nothing that this would not.
    #[must_use]
    pub fn is_reached_by(&self, seen: &Self) -> bool {
        seen.head >= self.head && seen.visible_from >= self.visible_from
    }
}

/// Where a room stands for a reader; `None` as reader: the server's own eyes. `None`: there is no
/// such room, or none for them.
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
    fn an_older_head_and_a_wider_view_are_no_match() {
        let floor = |head, visible_from| Floor { head, visible_from };
        let least = floor(10, 3);
        assert!(least.is_reached_by(&floor(10, 3)));
        assert!(least.is_reached_by(&floor(12, 5)), "newer, and cut since");
        assert!(!least.is_reached_by(&floor(9, 3)), "an entry is missing");
        assert!(
            !least.is_reached_by(&floor(10, 2)),
            "what was forgotten still shows"
        );
    }
}
