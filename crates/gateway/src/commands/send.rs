//! `send`: says something in a room. The reply comes once the message is stored.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, SentShape};
use messaging::api::SendMessage;
use rooms::api::{RoomKey, Seq};

pub(super) struct Send {
    room: RoomKey,
    /// The client's own id of the message: a repeat with the same one stores nothing.
    cid: String,
    body: String,
    /// The message that it answers.
    reply_to: Option<Seq>,
}

impl Run for Send {
    const OP: &'static str = "send";
    const LANE: Lane = Lane::Ordered(Answerer::Messaging);
    const COST: Cost = Cost::Send;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<SendMessage>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            cid: d.string("cid")?,
            body: d.string("body")?,
            reply_to: d.optional_integer("reply_to")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let send = SendMessage {
            caller: context.caller()?,
            room: self.room,
            cid: self.cid,
            body: self.body,
            reply_to: self.reply_to,
        };
        let stored = context.ask(send).await?;
        Ok(CommandReply::of(&SentShape::from(&stored)))
    }
}
