//! `dm` for an existing room: the caller accepts it or rejoins it.

use super::{Outcome, lock, person, refuse};
use crate::api::{Change, Created, DirectAnswered, Done, Refusal, Role, RoomKey};
use crate::log_writer::Staged;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::Room;
use sessions::api::User;
use storage::prelude::*;

/// Makes one of a direct room's two people a member who has answered.
pub(crate) struct AnswerDirectJob {
    pub(crate) caller: User,
    pub(crate) room: RoomKey,
    pub(crate) rooms_max: usize,
    pub(crate) at: i64,
}

impl Job for AnswerDirectJob {
    const NAME: &'static str = "rooms.answer_direct";
    const LOCKS: bool = true;
    type Answer = Created;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        Ok(vec![person::lock(self.caller.id)])
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Created> {
        let mut room = lock(tx, &self.room).await?;
        let caller = self.caller.id;
        let pair = room.info.pair.as_ref();
        if !pair.is_some_and(|(a, b)| a.id == caller || b.id == caller) {
            return Err(refuse(Refusal::NoSuchRoom));
        }
        let member = members::find(tx, room.info.id, caller).await?;
        let done = match member {
            Some(member) if member.answered => Done {
                seq: member.joined_seq,
                dup: true,
            },
            Some(member) => {
                person::must_be_below_rooms_max(tx, caller, self.rooms_max).await?;
                self.answer(tx, &room).await?;
                Done {
                    seq: member.joined_seq,
                    dup: true,
                }
            }
            None => {
                person::must_be_below_rooms_max(tx, caller, self.rooms_max).await?;
                self.rejoin(tx, &mut room).await?
            }
        };
        Ok(Created {
            card: room.info.card(caller, Some(Role::Member)),
            done,
        })
    }
}

impl AnswerDirectJob {
    async fn answer(&self, tx: &mut Writer<'_>, room: &Room) -> Outcome<()> {
        members::set_answered(tx, room.info.id, self.caller.id).await?;
        tx.state(DirectAnswered {
            room: room.info.key.clone(),
            user: self.caller.id,
        });
        Ok(())
    }

    async fn rejoin(&self, tx: &mut Writer<'_>, room: &mut Room) -> Outcome<Done> {
        person::must_exist(tx, self.caller.id).await?;
        let mut staged = Staged::default();
        let joined_seq = staged.add(room, &self.caller, self.at, Change::Joined);
        let member = MemberRecord {
            role: Role::Member,
            joined_seq,
            muted_until: None,
            answered: true,
        };
        members::insert(tx, room.info.id, &self.caller, member).await?;
        staged.write(tx).await?;
        Ok(Done {
            seq: joined_seq,
            dup: false,
        })
    }
}
