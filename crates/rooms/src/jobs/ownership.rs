//! A room is left to somebody living, as long as there is somebody.

use crate::api::{Change, Role, RoomId};
use crate::log_writer::Staged;
use crate::store::rooms::Room;
use crate::store::{members, owners};
use sessions::api::{User, UserId, directory};
use storage::prelude::*;

/// Looked at in one query. Whoever turns out to be over is noted, and never looked at again.
const AT_ONCE: i64 = 32;

/// Whether someone living owns a room, other than this one.
pub(super) async fn has_other_owner(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: Option<UserId>,
) -> Result<bool, Fault> {
    loop {
        let owners = owners::owners(tx, room, AT_ONCE).await?;
        let living = living(tx, room, &owners).await?;
        if living.iter().any(|owner| Some(*owner) != user) {
            return Ok(true);
        }
        // Of several pages of deleted owners each is noted before the next is read.
        if living.len() == owners.len() {
            return Ok(false);
        }
    }
}

/// Makes someone living the owner if nobody is, once this member has gone: the moderator, or else the
/// member, who has been there longest and is no guest. The entry is the leaver's, or else the successor's.
pub(super) async fn pass_ownership(
    tx: &mut Writer<'_>,
    room: &mut Room,
    leaver: Option<&User>,
    (staged, at): (&mut Staged, i64),
) -> Result<(), Fault> {
    let (id, gone) = (room.info.id, leaver.map(|leaver| leaver.id));
    if !room.has_owners() || has_other_owner(tx, id, gone).await? {
        return Ok(());
    }
    let Some(successor) = find_successor(tx, id, gone).await? else {
        return Ok(());
    };
    let author = leaver.unwrap_or(&successor).clone();
    make_owner(tx, room, successor, &author, (staged, at)).await
}

/// Gives someone a room.
pub(super) async fn make_owner(
    tx: &mut Writer<'_>,
    room: &mut Room,
    successor: User,
    author: &User,
    (staged, at): (&mut Staged, i64),
) -> Result<(), Fault> {
    members::set_role(tx, room.info.id, successor.id, Role::Owner).await?;
    let make_owner = Change::Role {
        user: successor,
        role: Role::Owner,
        reason: None,
    };
    staged.add(room, author, at, make_owner);
    Ok(())
}

async fn find_successor(
    tx: &mut Writer<'_>,
    room: RoomId,
    leaver: Option<UserId>,
) -> Result<Option<User>, Fault> {
    loop {
        let candidates = owners::candidates(tx, room, AT_ONCE).await?;
        let living = living(tx, room, &candidates).await?;
        if let Some(successor) = living.iter().find(|successor| Some(**successor) != leaver) {
            return Ok(directory::by_id(tx, &[*successor]).await?.remove(successor));
        }
        if living.len() == candidates.len() {
            return Ok(None);
        }
    }
}

/// Those of these members who are living, in the same order; notes the others.
async fn living(tx: &mut Writer<'_>, room: RoomId, users: &[UserId]) -> Result<Vec<UserId>, Fault> {
    let living = directory::living(tx, users).await?;
    let (living, over): (Vec<UserId>, Vec<UserId>) =
        users.iter().partition(|user| living.contains(user));
    if !over.is_empty() {
        owners::mark_ineligible(tx, room, &over).await?;
    }
    Ok(living)
}
