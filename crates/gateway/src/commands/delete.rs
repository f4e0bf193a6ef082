//! `delete`: takes the body of a message away for good.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{DoneShape, Error, Fields};
use messaging::api::DeleteMessage;
use rooms::api::{RoomKey, Seq};

pub(super) struct Delete {
    room: RoomKey,
    target: Seq,
}

impl Run for Delete {
    const OP: &'static str = "delete";
    const LANE: Lane = Lane::Ordered(Answerer::Messaging);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<DeleteMessage>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            target: d.integer("target")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let delete = DeleteMessage {
            caller: context.caller()?,
            room: self.room,
            target: self.target,
        };
        let done = context.ask(delete).await?;
        Ok(CommandReply::of(&DoneShape::from(done)))
    }
}
