//! Ownership: a room that people own always has a living owner, if any of its members qualifies.

use crate::api::{Change, Role, RoomId};
use crate::log_writer::Staged;
use crate::store::rooms::Room;
use crate::store::{members, owners};
use sessions::api::{User, UserId, directory};
use storage::prelude::*;

/// The number of members read in one query. Ended ones are marked as ineligible and never read again.
const PAGE: i64 = 32;

/// Returns whether a living person other than `user` owns a room.
pub(super) async fn has_other_owner(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: Option<UserId>,
) -> Result<bool, Fault> {
    loop {
        let owners = owners::owners(tx, room, PAGE).await?;
        let living = keep_living(tx, room, &owners).await?;
        if living.iter().any(|owner| Some(*owner) != user) {
            return Ok(true);
        }
        // A page with deleted owners: they are marked now, so the next read returns other owners.
        if living.len() == owners.len() {
            return Ok(false);
        }
    }
}

/// Makes another member the owner if, without `leaver`, no living person owns the room: the
/// longest-standing moderator, or else the longest-standing member, guests excepted. The entry's
/// author is the leaver, or else the new owner.
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

/// Makes a member an owner, with a `role` entry.
pub(super) async fn make_owner(
    tx: &mut Writer<'_>,
    room: &mut Room,
    owner: User,
    author: &User,
    (staged, at): (&mut Staged, i64),
) -> Result<(), Fault> {
    members::set_role(tx, room.info.id, owner.id, Role::Owner).await?;
    let change = Change::Role {
        user: owner,
        role: Role::Owner,
        reason: None,
    };
    staged.add(room, author, at, change);
    Ok(())
}

async fn find_successor(
    tx: &mut Writer<'_>,
    room: RoomId,
    leaver: Option<UserId>,
) -> Result<Option<User>, Fault> {
    loop {
        let candidates = owners::candidates(tx, room, PAGE).await?;
        let living = keep_living(tx, room, &candidates).await?;
        if let Some(successor) = living.iter().find(|user| Some(**user) != leaver) {
            return Ok(directory::by_id(tx, &[*successor]).await?.remove(successor));
        }
        if living.len() == candidates.len() {
            return Ok(None);
        }
    }
}

/// Returns the living among these members, in the same order, and marks the others as ineligible.
async fn keep_living(
    tx: &mut Writer<'_>,
    room: RoomId,
    users: &[UserId],
) -> Result<Vec<UserId>, Fault> {
    let living = directory::living(tx, users).await?;
    let (living, ended): (Vec<UserId>, Vec<UserId>) =
        users.iter().partition(|user| living.contains(user));
    if !ended.is_empty() {
        owners::mark_ineligible(tx, room, &ended).await?;
    }
    Ok(living)
}
