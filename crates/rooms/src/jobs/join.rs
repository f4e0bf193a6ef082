//! `join`: the durable part.

use super::{Outcome, guests, lock, refuse, room_for_one_more};
use crate::api::{Change, Joined, Kind, Refusal, Role, RoomKey, Seq};
use crate::pen::Sheet;
use crate::store::members::{self, Member};
use crate::store::rooms::Room;
use crate::store::{bans, entries, invitations, kinds, lookups};
use sessions::api::{User, UserId};
use std::sync::Arc;
use storage::prelude::*;

/// Makes someone a member of a public room, or of one they were invited to.
pub(crate) struct Join {
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    pub(crate) rooms_max: usize,
    pub(crate) at: i64,
}

impl Job for Join {
    const NAME: &'static str = "rooms.join";
    type Answer = Joined;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Joined> {
        let mut room = lock(tx, &self.room).await?;
        let (id, user) = (room.face.id, self.user.id);
        if let Some(member) = members::find(tx, id, user).await? {
            return Ok(joined(&room, &member, true));
        }
        admission(tx, &room, user).await?;
        room_for_one_more(tx, user, self.rooms_max).await?;
        guests::only_living(tx, &self.user).await?;

        let mut sheet = Sheet::default();
        let joined_seq = sheet.add(&mut room, &self.user, self.at, Change::Joined);
        let member = Member {
            role: Role::Member,
            joined_seq,
            muted_until: still_muted(tx, &room, user, self.at).await?,
            answered: true,
        };
        members::insert(tx, id, user, member).await?;
        invitations::remove(tx, id, user).await?;
        sheet.commit(tx).await?;
        Ok(joined(&room, &member, false))
    }
}

/// Whether someone may come in. Of rooms that are not public nobody else learns anything.
async fn admission(tx: &mut Writer<'_>, room: &Room, user: UserId) -> Outcome<()> {
    let id = room.face.id;
    let refusal = match room.face.kind {
        Kind::Public => bans::find(tx, id, user).await?.map(|_| Refusal::Banned),
        Kind::Private => match invitations::find(tx, id, user).await? {
            Some(_) => None,
            None => Some(Refusal::NoSuchRoom),
        },
        Kind::Direct => Some(Refusal::NoSuchRoom),
    };
    refusal.map_or(Ok(()), |refusal| Err(refuse(refusal)))
}

/// Leaving and coming back does not end a mute: the log remembers.
async fn still_muted(
    tx: &mut Writer<'_>,
    room: &Room,
    user: UserId,
    now: i64,
) -> Result<Option<i64>, Fault> {
    let id = room.face.id;
    let last = lookups::last_about(tx, id, user, &[kinds::MUTED, kinds::UNMUTED]).await?;
    let Some((kinds::MUTED, seq)) = last else {
        return Ok(None);
    };
    let until = |change: &Change| match change {
        Change::Muted { until_ms, .. } => Some(*until_ms),
        _ => None,
    };
    let found = entries::at(tx, id, &[seq]).await?;
    let until = found.first().and_then(|entry| until(&entry.change));
    Ok(until.filter(|until| *until > now))
}

fn joined(room: &Room, member: &Member, dup: bool) -> Joined {
    let head: Seq = room.head;
    Joined {
        room: Arc::clone(&room.face),
        role: member.role,
        head,
        visible_from: room.visible_from(member.joined_seq),
        dup,
    }
}
