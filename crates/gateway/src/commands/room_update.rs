//! `room.update`: changes a room's title, topic, history or kind.

use super::parts::{history, kind, reply};
use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{History, Kind, RoomKey, UpdateRoom};

pub(super) struct RoomUpdate {
    room: RoomKey,
    title: Option<String>,
    topic: Option<String>,
    history: Option<History>,
    kind: Option<Kind>,
}

impl Run for RoomUpdate {
    const OP: &'static str = "room.update";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<UpdateRoom>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            title: d.optional_string("title")?,
            topic: d.optional_string("topic")?,
            history: history(d)?,
            kind: kind(d)?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let update = UpdateRoom {
            caller: context.caller()?,
            room: self.room,
            title: self.title,
            topic: self.topic,
            history: self.history,
            kind: self.kind,
        };
        Ok(reply(&context.ask(update).await?))
    }
}
