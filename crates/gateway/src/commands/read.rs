//! `read`: moves one's read marker in a room forward.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, MarkedShape};
use messaging::api::MarkRead;
use rooms::api::{RoomKey, Seq};

pub(super) struct Read {
    room: RoomKey,
    seq: Seq,
}

impl Run for Read {
    const OP: &'static str = "read";
    const LANE: Lane = Lane::Ordered(Answerer::Messaging);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<MarkRead>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            seq: d.integer("seq")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let read = MarkRead {
            caller: context.caller()?,
            connection: context.conn.as_ref().map(|conn| conn.id),
            room: self.room,
            seq: self.seq,
        };
        let marked = context.ask(read).await?;
        Ok(CommandReply::of(&MarkedShape::from(marked)))
    }
}
