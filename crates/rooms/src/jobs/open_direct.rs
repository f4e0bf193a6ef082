//! `dm`: the direct room of two people.

use super::{Outcome, person, quotas, refuse};
use crate::api::{Change, DirectRoom, Done, History, Kind, Refusal, Role, RoomKey};
use crate::log_writer::Staged;
use crate::settings::Quotas;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use anyhow::Context as _;
use sessions::api::{User, UserId, directory};
use storage::prelude::*;

/// Finds or creates the direct room of two people.
pub(crate) struct OpenDirectJob {
    pub(crate) caller: User,
    /// The other person: id or `@name`.
    pub(crate) user: String,
    /// The key for the room, should it be created.
    pub(crate) key: RoomKey,
    pub(crate) rooms_max: usize,
    pub(crate) quotas: Quotas,
    pub(crate) at: i64,
}

impl Job for OpenDirectJob {
    const NAME: &'static str = "rooms.open_direct";
    const LOCKS: bool = true;
    type Answer = DirectRoom;
    type Refusal = Refusal;

    /// Returns the lane of the room to create. An existing room is only read here, and answered in its
    /// own lane.
    fn lane(&self) -> LaneKey {
        self.key.lane()
    }

    async fn locks(&self, tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        let other = directory::resolve(tx, &self.user).await?;
        let both = [Some(self.caller.id), other.map(|other| other.id)];
        Ok(both.into_iter().flatten().map(person::lock).collect())
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<DirectRoom> {
        let other = directory::resolve(tx, &self.user).await?;
        let other = other.ok_or_else(|| refuse(Refusal::NoSuchUser))?;
        if other.id == self.caller.id {
            return Err(refuse(Refusal::BadRequest {
                field: "user",
                expected: "must be someone else",
            }));
        }
        let pair = ordered(self.caller.id, other.id);
        if let Some(room) = rooms::find_direct(tx, pair).await? {
            return self.existing(tx, &room).await;
        }
        person::must_be_locked(tx, other.id).await?;
        // The other person's `rooms_max` is not checked: they did not choose this room.
        person::must_be_below_rooms_max(tx, self.caller.id, self.rooms_max).await?;
        quotas::check_new_direct(tx, &self.quotas, (&self.caller, &other), self.at).await?;
        for user in [self.caller.id, other.id] {
            person::must_exist(tx, user).await?;
        }
        let created = rooms::insert(tx, &self.new_room(pair)).await?;
        let room = rooms::find_direct(tx, pair).await?;
        let mut room = room
            .context("cannot find the direct room")
            .map_err(Fault::from)?;
        if !created {
            // Another lane created it at the same moment.
            return self.existing(tx, &room).await;
        }
        self.add_members(tx, &mut room, &other).await
    }
}

impl OpenDirectJob {
    fn new_room(&self, pair: (UserId, UserId)) -> rooms::NewRoom<'_> {
        rooms::NewRoom {
            key: &self.key,
            title: "",
            topic: "",
            kind: Kind::Direct,
            history: History::All,
            pair: Some(pair),
            creator: Some(self.caller.id),
            cid: None,
            made_of: None,
            at: self.at,
        }
    }

    /// Adds both people as plain members; the other person has not answered yet.
    async fn add_members(
        &self,
        tx: &mut Writer<'_>,
        room: &mut Room,
        other: &User,
    ) -> Outcome<DirectRoom> {
        let mut staged = Staged::default();
        for user in [&self.caller, other] {
            let joined_seq = staged.add(room, user, self.at, Change::Joined);
            let member = MemberRecord {
                role: Role::Member,
                joined_seq,
                muted_until: None,
                answered: user.id == self.caller.id,
            };
            members::insert(tx, room.info.id, user, member).await?;
        }
        staged.write(tx).await?;
        Ok(DirectRoom {
            card: room.info.card(self.caller.id, Some(Role::Member)),
            done: Done { seq: 1, dup: false },
            answered: true,
        })
    }

    async fn existing(&self, tx: &mut Writer<'_>, room: &Room) -> Outcome<DirectRoom> {
        let member = members::find(tx, room.info.id, self.caller.id).await?;
        let seq = member.map_or(0, |member| member.joined_seq);
        Ok(DirectRoom {
            card: room
                .info
                .card(self.caller.id, member.map(|member| member.role)),
            done: Done { seq, dup: true },
            answered: member.is_some_and(|member| member.answered),
        })
    }
}

fn ordered(a: UserId, b: UserId) -> (UserId, UserId) {
    if a < b { (a, b) } else { (b, a) }
}
