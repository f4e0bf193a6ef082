//! `edit`: replaces the body of one's own message.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{DoneShape, Error, Fields};
use messaging::api::EditMessage;
use rooms::api::{RoomKey, Seq};

pub(super) struct Edit {
    room: RoomKey,
    target: Seq,
    body: String,
}

impl Run for Edit {
    const OP: &'static str = "edit";
    const LANE: Lane = Lane::Ordered(Answerer::Messaging);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<EditMessage>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            target: d.integer("target")?,
            body: d.string("body")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let edit = EditMessage {
            caller: context.caller()?,
            room: self.room,
            target: self.target,
            body: self.body,
        };
        let done = context.ask(edit).await?;
        Ok(CommandReply::of(&DoneShape::from(done)))
    }
}
