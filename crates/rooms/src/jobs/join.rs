//! `join`: the durable part.

use super::{Outcome, guests, lock, refuse, room_for_one_more};
use crate::api::{Change, History, Joined, Kind, Refusal, Role, RoomKey, Seq};
use crate::pen::Sheet;
use crate::store::members::{self, Member};
use crate::store::rooms::Room;
use crate::store::{bans, invitations, mutes};
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

        let inherits = self.inherits(tx, &room).await?;
        let mute = mutes::lasting(tx, id, user, self.at).await?;
        let mut sheet = Sheet::default();
        let joined_seq = sheet.add(&mut room, &self.user, self.at, Change::Joined);
        let member = Member {
            role: if inherits { Role::Owner } else { Role::Member },
            joined_seq,
            // Leaving and coming back does not end a mute.
            muted_until: mute.map(|mute| mute.until_ms),
            answered: true,
        };
        if inherits {
            let owns = Change::Role {
                user: self.user.clone(),
                role: Role::Owner,
                reason: None,
            };
            sheet.add(&mut room, &self.user, self.at, owns);
        }
        members::insert(tx, id, user, member).await?;
        invitations::remove(tx, id, user).await?;
        sheet.commit(tx).await?;
        Ok(joined(&room, &member, false))
    }
}

impl Join {
    /// Whether a room becomes the joiner's: it has a name that people made, nobody is in it, and
    /// everyone let in reads all of it. Where people read from their own joining only, an owner
    /// could open what was said before to themselves: such a room stays without one.
    async fn inherits(&self, tx: &mut Writer<'_>, room: &Room) -> Result<bool, Fault> {
        let may_be_owned = room.creator.is_some() && room.face.history == History::All;
        if self.user.guest || !may_be_owned {
            return Ok(false);
        }
        let first = members::after(tx, room.face.id, None, 1).await?;
        Ok(first.is_empty())
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

fn joined(room: &Room, member: &Member, dup: bool) -> Joined {
    let head: Seq = room.head;
    Joined {
        room: Arc::clone(&room.face),
        role: member.role,
        head,
        visible_from: room.visible_from(member.joined_seq),
        muted_until: member.muted_until,
        dup,
    }
}
