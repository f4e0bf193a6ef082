//! How someone stands in a room.

use crate::api::log::Standing;
use crate::api::{Kind, Refusal, Seq};
use crate::store::members::Member;
use crate::store::rooms::Room;
use std::sync::Arc;

/// What one who is not a member is told: of rooms that are not public, nothing.
pub(crate) fn outsider(room: &Room) -> Refusal {
    match room.face.kind {
        Kind::Public => Refusal::NotMember,
        Kind::Private | Kind::Direct => Refusal::NoSuchRoom,
    }
}

/// The place from which a member may read.
pub(crate) fn visible_from(room: &Room, member: &Member) -> Seq {
    room.visible_from(member.joined_seq)
}

/// What others learn of a membership.
pub(crate) fn standing(room: &Room, member: &Member) -> Standing {
    Standing {
        room: Arc::clone(&room.face),
        role: member.role,
        muted_until: member.muted_until,
        visible_from: visible_from(room, member),
        joined_seq: member.joined_seq,
        head: room.head,
    }
}
