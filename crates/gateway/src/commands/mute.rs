//! `mute`: keeps someone from writing in a room until a moment, which may be past.

use super::parts::Subject;
use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{Moderate, Moderation, RoomKey};

pub(super) struct Mute {
    subject: Subject,
    /// ms since 1970; 0 ends the mute.
    until_ms: i64,
}

impl Run for Mute {
    const OP: &'static str = "mute";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<Moderate>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            subject: Subject::read(d)?,
            until_ms: d.integer("until_ms")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.subject.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let until_ms = self.until_ms;
        self.subject
            .act(Moderation::Mute { until_ms }, context)
            .await
    }
}
