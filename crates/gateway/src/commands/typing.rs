//! `typing`: shows the others in a room that someone is typing, or no longer.

use super::parts::online;
use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::hub::{SetTyping, TypingResult};
use crate::wire::{Error, Fields, MUTED, NO_SUCH_ROOM};
use rooms::api::{Members, RoomKey};
use serde_json::json;

pub(super) struct Typing {
    room: RoomKey,
    on: bool,
}

impl Run for Typing {
    const OP: &'static str = "typing";
    const LANE: Lane = Lane::Ordered(Answerer::Gateway);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<Members>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            on: d.flag("on")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let (caller, connection) = (context.caller()?, context.socket()?.id);
        let typing = SetTyping {
            connection,
            user: caller.user.clone(),
            room: self.room.clone(),
            on: self.on,
        };
        match context.ask_infallible(typing).await? {
            TypingResult::Accepted => Ok(CommandReply::of(&json!({}))),
            TypingResult::Muted => Err(Error::new(&MUTED)),
            TypingResult::NotMember => {
                // Rooms knows which refusal applies.
                let read = online(caller, self.room, context.limits());
                context.ask(read).await?;
                Err(Error::new(&NO_SUCH_ROOM))
            }
        }
    }
}
