//! `room.update`.

use super::{Outcome, Scene, enter, refuse};
use crate::api::{Change, Created, Done, History, Kind, Refusal, Role, RoomInfo, RoomKey};
use crate::log_writer::Staged;
use crate::store::{invitations, rooms};
use sessions::api::User;
use std::sync::Arc;
use storage::prelude::*;

/// Changes a room. Its texts have been checked; `None` leaves as it is.
pub(crate) struct Update {
    pub(crate) actor: User,
    pub(crate) room: RoomKey,
    pub(crate) title: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) history: Option<History>,
    pub(crate) kind: Option<Kind>,
    pub(crate) at: i64,
}

impl Job for Update {
    const NAME: &'static str = "rooms.update";
    type Answer = Created;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Created> {
        let scene = enter(tx, &self.room, self.actor.id).await?;
        self.rights(&scene)?;
        scene.must_not_be_muted(self.at)?;
        let Scene {
            mut room, member, ..
        } = scene;
        let wanted = self.wanted(&room.info);
        if wanted == *room.info {
            let done = Done {
                seq: room.settled,
                dup: true,
            };
            let card = room.info.card(self.actor.id, Some(member.role));
            return Ok(Created { card, done });
        }
        if room.info.kind == Kind::Public && wanted.kind == Kind::Private {
            // They were an invitation into a room that everybody may read.
            invitations::void_by_members(tx, room.info.id).await?;
        }
        room.info = Arc::new(wanted);
        let mut staged = Staged::default();
        let change = change(&room.info);
        let seq = staged.add(&mut room, &self.actor, self.at, change);
        rooms::settle(tx, &room.info, seq).await?;
        staged.commit(tx).await?;
        let card = room.info.card(self.actor.id, Some(member.role));
        Ok(Created {
            card,
            done: Done { seq, dup: false },
        })
    }
}

impl Update {
    fn rights(&self, scene: &Scene) -> Outcome<()> {
        let needed = if self.history.is_some() || self.kind.is_some() {
            Role::Owner
        } else {
            Role::Moderator
        };
        if scene.room.info.kind == Kind::Direct || scene.role < needed {
            return Err(refuse(Refusal::Forbidden));
        }
        // What the server named is not a name to find a room by.
        if self.kind == Some(Kind::Public) && scene.room.info.key.0.starts_with('~') {
            return Err(refuse(Refusal::BadRequest {
                field: "kind",
                expected: "private: only a room that was made public has a name to be found by",
            }));
        }
        Ok(())
    }

    fn wanted(&self, info: &RoomInfo) -> RoomInfo {
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
