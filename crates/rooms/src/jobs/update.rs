//! `room.update`.

use super::{Outcome, Scene, enter, refuse};
use crate::api::{Change, Created, Done, History, Kind, Refusal, Role, RoomFace, RoomKey};
use crate::pen::Sheet;
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
        let wanted = self.wanted(&room.face);
        if wanted == *room.face {
            let done = Done {
                seq: room.settled,
                dup: true,
            };
            let card = room.face.card(self.actor.id, Some(member.role));
            return Ok(Created { card, done });
        }
        if room.face.kind == Kind::Public && wanted.kind == Kind::Private {
            // They were an invitation into a room that everybody may read.
            invitations::void_by_members(tx, room.face.id).await?;
        }
        room.face = Arc::new(wanted);
        let mut sheet = Sheet::default();
        let change = change(&room.face);
        let seq = sheet.add(&mut room, &self.actor, self.at, change);
        rooms::settle(tx, &room.face, seq).await?;
        sheet.commit(tx).await?;
        let card = room.face.card(self.actor.id, Some(member.role));
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
        if scene.room.face.kind == Kind::Direct || scene.role < needed {
            return Err(refuse(Refusal::Forbidden));
        }
        // What the server named is not a name to find a room by.
        if self.kind == Some(Kind::Public) && scene.room.face.key.0.starts_with('~') {
            return Err(refuse(Refusal::BadRequest {
                field: "kind",
                expected: "private: only a room that was made public has a name to be found by",
            }));
        }
        Ok(())
    }

    fn wanted(&self, face: &RoomFace) -> RoomFace {
        let text = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
        RoomFace {
            title: text(&self.title, &face.title),
            topic: text(&self.topic, &face.topic),
            history: self.history.unwrap_or(face.history),
            kind: self.kind.unwrap_or(face.kind),
            ..face.clone()
        }
    }
}

fn change(face: &RoomFace) -> Change {
    Change::Room {
        title: face.title.clone(),
        topic: face.topic.clone(),
        history: face.history,
        kind: face.kind,
    }
}
