//! `room.update`: changes a room's properties.

use super::{ActingMember, Outcome, lock_as_member, refuse};
use crate::api::{Change, Created, Done, History, Kind, Refusal, Role, RoomInfo, RoomKey};
use crate::log_writer::Staged;
use crate::store::{invitations, links, rooms};
use sessions::api::User;
use std::sync::Arc;
use storage::prelude::*;

/// Changes a room's properties; `None` leaves one unchanged. The texts have been validated.
pub(crate) struct UpdateJob {
    pub(crate) actor: User,
    pub(crate) room: RoomKey,
    pub(crate) title: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) history: Option<History>,
    pub(crate) kind: Option<Kind>,
    pub(crate) at: i64,
}

impl Job for UpdateJob {
    const NAME: &'static str = "rooms.update";
    type Answer = Created;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Created> {
        let acting = lock_as_member(tx, &self.room, self.actor.id).await?;
        self.check_rights(&acting)?;
        acting.must_not_be_muted(self.at)?;
        let ActingMember {
            mut room, member, ..
        } = acting;
        let updated = self.apply_to(&room.info);
        if updated == *room.info {
            let done = Done {
                seq: room.settled,
                dup: true,
            };
            let card = room.info.card(self.actor.id, Some(member.role));
            return Ok(Created { card, done });
        }
        if room.info.kind == Kind::Public && updated.kind == Kind::Private {
            // Plain members could invite because everybody may read a public room.
            invitations::remove_by_members(tx, room.info.id).await?;
            links::end_by_members(tx, room.info.id, self.at).await?;
        }
        room.info = Arc::new(updated);
        let mut staged = Staged::default();
        let change = change(&room.info);
        let seq = staged.add(&mut room, &self.actor, self.at, change);
        rooms::update(tx, &room.info, seq).await?;
        staged.write(tx).await?;
        let card = room.info.card(self.actor.id, Some(member.role));
        Ok(Created {
            card,
            done: Done { seq, dup: false },
        })
    }
}

impl UpdateJob {
    fn check_rights(&self, acting: &ActingMember) -> Outcome<()> {
        let needed = if self.history.is_some() || self.kind.is_some() {
            Role::Owner
        } else {
            Role::Moderator
        };
        if acting.room.info.kind == Kind::Direct || acting.role < needed {
            return Err(refuse(Refusal::Forbidden));
        }
        // A key that the server generated is not a name to find a room by.
        if self.kind == Some(Kind::Public) && acting.room.info.key.0.starts_with('~') {
            return Err(refuse(Refusal::BadRequest {
                field: "kind",
                expected: "must be private: only a room that was made public has a name to be found by",
            }));
        }
        Ok(())
    }

    fn apply_to(&self, info: &RoomInfo) -> RoomInfo {
        let text = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
        RoomInfo {
            title: text(&self.title, &info.title),
            topic: text(&self.topic, &info.topic),
            history: self.history.unwrap_or(info.history),
            kind: self.kind.unwrap_or(info.kind),
            ..info.clone()
        }
    }
}

fn change(info: &RoomInfo) -> Change {
    Change::Room {
        title: info.title.clone(),
        topic: info.topic.clone(),
        history: info.history,
        kind: info.kind,
    }
}
