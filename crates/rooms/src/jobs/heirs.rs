//! A room is left to somebody living, as long as there is somebody.

use crate::api::{Change, Role, RoomId};
use crate::log_writer::Staged;
use crate::store::rooms::Room;
use crate::store::{heirs, members};
use sessions::api::{User, UserId, directory};
use storage::prelude::*;

/// Looked at in one query. Whoever turns out to be over is noted, and never looked at again.
const AT_ONCE: i64 = 32;

/// Whether someone living owns a room, other than this one.
pub(super) async fn is_owned_besides(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: Option<UserId>,
) -> Result<bool, Fault> {
    loop {
        let owners = heirs::owners(tx, room, AT_ONCE).await?;
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
/// member, who has been there longest and is no guest. The entry is the leaver's, or else the heir's.
pub(super) async fn pass_on(
    tx: &mut Writer<'_>,
    room: &mut Room,
    leaver: Option<&User>,
    (staged, at): (&mut Staged, i64),
) -> Result<(), Fault> {
    let (id, gone) = (room.info.id, leaver.map(|leaver| leaver.id));
    if !room.has_owners() || is_owned_besides(tx, id, gone).await? {
        return Ok(());
    }
    let Some(heir) = first_in_line(tx, id, gone).await? else {
        return Ok(());
    };
    let author = leaver.unwrap_or(&heir).clone();
    inherits(tx, room, heir, &author, (staged, at)).await
}

/// Gives someone a room.
pub(super) async fn inherits(
    tx: &mut Writer<'_>,
    room: &mut Room,
    heir: User,
    author: &User,
    (staged, at): (&mut Staged, i64),
) -> Result<(), Fault> {
    members::set_role(tx, room.info.id, heir.id, Role::Owner).await?;
    let inherits = Change::Role {
        user: heir,
        role: Role::Owner,
        reason: None,
    };
    staged.add(room, author, at, inherits);
    Ok(())
}

async fn first_in_line(
    tx: &mut Writer<'_>,
    room: RoomId,
    leaver: Option<UserId>,
) -> Result<Option<User>, Fault> {
    loop {
        let line = heirs::in_line(tx, room, AT_ONCE).await?;
        let living = living(tx, room, &line).await?;
        if let Some(heir) = living.iter().find(|heir| Some(**heir) != leaver) {
            return Ok(directory::by_id(tx, &[*heir]).await?.remove(heir));
        }
        if living.len() == line.len() {
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
        heirs::are_over(tx, room, &over).await?;
    }
    Ok(living)
}
