//! `join`: becoming a member. Following the room's entries is the connection's part.

use super::{Outcome, links, lock, ownership, person, refuse};
use crate::api::{Change, History, Joined, Kind, LinkCode, Refusal, Role, RoomKey, Seq};
use crate::log_writer::Staged;
use crate::store::links::LinkRecord;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::Room;
use crate::store::{self, bans, invitations, mutes, owners};
use sessions::api::{User, UserId, directory};
use std::sync::Arc;
use storage::prelude::*;

/// Makes someone a member of a public room, of a room they are invited to, or of one that a link opens.
pub(crate) struct JoinJob {
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    /// The code of a link, which must work.
    pub(crate) code: Option<LinkCode>,
    pub(crate) rooms_max: usize,
    pub(crate) at: i64,
}

impl Job for JoinJob {
    const NAME: &'static str = "rooms.join";
    const LOCKS: bool = true;
    type Answer = Joined;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        Ok(vec![person::lock(self.user.id)])
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Joined> {
        let mut room = self.lock(tx).await?;
        let (id, user) = (room.info.id, self.user.id);
        if let Some(member) = members::find(tx, id, user).await? {
            return Ok(joined(&room, &member, true));
        }
        let link = self.check_admission(tx, &room).await?;
        person::must_be_below_rooms_max(tx, user, self.rooms_max).await?;
        // A guest may have become an account since the command came.
        let newcomer = person::must_exist(tx, user).await?;

        let mute = mutes::find_active(tx, id, user, self.at).await?;
        let mut staged = Staged::default();
        let joined_seq = staged.add(&mut room, &self.user, self.at, Change::Joined);
        let mut member = MemberRecord {
            role: Role::Member,
            joined_seq,
            // Leaving and coming back does not end a mute.
            muted_until: mute.map(|mute| mute.until_ms),
            answered: true,
        };
        members::insert(tx, id, &newcomer, member).await?;
        invitations::remove(tx, id, user).await?;
        if let Some(link) = link {
            store::links::count_use(tx, &link, self.at).await?;
        }
        // A room must not pass to what nobody can sign in as.
        if !directory::services(tx, &[user]).await?.is_empty() {
            owners::mark_ineligible(tx, id, &[user]).await?;
        } else if becomes_owner(tx, &room, &newcomer).await? {
            let successor = self.user.clone();
            ownership::make_owner(tx, &mut room, successor, &self.user, (&mut staged, self.at))
                .await?;
            member.role = Role::Owner;
        }
        staged.write(tx).await?;
        Ok(joined(&room, &member, false))
    }
}

impl JoinJob {
    /// Locks the room. Whoever comes with a code learns nothing about rooms but that.
    async fn lock(&self, tx: &mut Writer<'_>) -> Outcome<Room> {
        let locked = lock(tx, &self.room).await;
        match locked {
            Err(JobError::Refused(Refusal::NoSuchRoom)) if self.code.is_some() => {
                Err(refuse(Refusal::NoSuchLink))
            }
            locked => locked,
        }
    }

    /// Refuses someone who may not join. Returns the link that lets them in, if they came with one.
    async fn check_admission(
        &self,
        tx: &mut Writer<'_>,
        room: &Room,
    ) -> Outcome<Option<LinkRecord>> {
        let Some(code) = &self.code else {
            must_be_admitted(tx, room, self.user.id).await?;
            return Ok(None);
        };
        let link = links::must_open(tx, code, room.info.id, self.at).await?;
        if bans::find(tx, room.info.id, self.user.id).await?.is_some() {
            return Err(refuse(Refusal::Banned));
        }
        Ok(Some(link))
    }
}

/// Returns whether the new member becomes the owner of a room that has none. A room with
/// `since_join` stays without one: a new owner could reveal to themselves what was written before.
/// Relies on `may_own` as recorded: a deleted owner's room passes on when rooms handles the deletion.
async fn becomes_owner(tx: &mut Writer<'_>, room: &Room, newcomer: &User) -> Result<bool, Fault> {
    if newcomer.guest || !room.has_owners() || room.info.history != History::All {
        return Ok(false);
    }
    Ok(store::owners::owners(tx, room.info.id, 1).await?.is_empty())
}

/// Refuses someone who may not join; does not reveal rooms that are not public.
async fn must_be_admitted(tx: &mut Writer<'_>, room: &Room, user: UserId) -> Outcome<()> {
    let id = room.info.id;
    let refusal = match room.info.kind {
        Kind::Public => bans::find(tx, id, user).await?.map(|_| Refusal::Banned),
        Kind::Private => match invitations::find(tx, id, user).await? {
            Some(_) => None,
            None => Some(Refusal::NoSuchRoom),
        },
        Kind::Direct => Some(Refusal::NoSuchRoom),
    };
    refusal.map_or(Ok(()), |refusal| Err(refuse(refusal)))
}

fn joined(room: &Room, member: &MemberRecord, dup: bool) -> Joined {
    let head: Seq = room.head;
    Joined {
        room: Arc::clone(&room.info),
        role: member.role,
        head,
        visible_from: room.visible_from(member.joined_seq),
        muted_until: member.muted_until,
        dup,
    }
}
