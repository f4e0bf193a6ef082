//! `react`: sets a reaction to a message, or takes it back.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{DoneShape, Error, Fields};
use messaging::api;
use rooms::api::{RoomKey, Seq};

pub(super) struct React {
    room: RoomKey,
    target: Seq,
    emoji: String,
    on: bool,
}

impl Run for React {
    const OP: &'static str = "react";
    const LANE: Lane = Lane::Ordered(Answerer::Messaging);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<api::React>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            target: d.integer("target")?,
            emoji: d.string("emoji")?,
            on: d.flag("on")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let react = api::React {
            caller: context.caller()?,
            room: self.room,
            target: self.target,
            emoji: self.emoji,
            on: self.on,
        };
        let done = context.ask(react).await?;
        Ok(CommandReply::of(&DoneShape::from(done)))
    }
}
