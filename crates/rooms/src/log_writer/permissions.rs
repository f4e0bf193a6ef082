//! What a person may do and see in a room.

use crate::api::standing::Standing;
use crate::api::{Kind, Refusal, Role, Seq};
use crate::store::members::MemberRecord;
use crate::store::rooms::Room;
use sessions::api::{UserId, directory};
use std::sync::Arc;
use storage::prelude::*;

/// Returns the refusal for a non-member; it does not reveal rooms that are not public.
pub(crate) fn not_a_member(room: &Room) -> Refusal {
    match room.info.kind {
        Kind::Public => Refusal::NotMember,
        Kind::Private | Kind::Direct => Refusal::NoSuchRoom,
    }
}

/// Returns a member's effective role: a server administrator is at least a moderator in public rooms.
pub(crate) async fn effective_role(
    access: &mut impl Access,
    room: &Room,
    user: UserId,
    role: Role,
) -> Result<Role, Fault> {
    if room.info.kind != Kind::Public || role >= Role::Moderator {
        return Ok(role);
    }
    let admin = directory::is_admin(access, user).await?;
    Ok(if admin { Role::Moderator } else { role })
}

/// Returns the first entry that a member may read.
pub(crate) fn visible_from(room: &Room, member: &MemberRecord) -> Seq {
    room.visible_from(member.joined_seq)
}

/// Returns a membership as other crates see it.
pub(crate) fn standing(room: &Room, member: &MemberRecord, role: Role) -> Standing {
    Standing {
        room: Arc::clone(&room.info),
        role,
        muted_until: member.muted_until,
        visible_from: visible_from(room, member),
        joined_seq: member.joined_seq,
        head: room.head,
    }
}
