//! `dm`: the direct room of two people, made if there is none.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{CardShape, Error, Fields};
use rooms::api::{AnswerDirect, Card, OpenDirect, RoomKey};
use serde_json::json;

pub(super) struct Dm {
    /// An id or `@name`.
    user: String,
}

impl Run for Dm {
    const OP: &'static str = "dm";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<OpenDirect>().asks::<AnswerDirect>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            user: d.string("user")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let (card, dup) = open(&context, self.user).await?;
        let card = CardShape::from(&card);
        Ok(CommandReply::of(&json!({ "card": card, "dup": dup })))
    }
}

/// Finds or makes the room. If someone else opened it and the caller has not answered, this does.
async fn open(context: &Context, user: String) -> Result<(Card, bool), Error> {
    let caller = context.caller()?;
    let open = OpenDirect {
        caller: caller.clone(),
        user,
    };
    let found = context.ask(open).await?;
    if found.answered {
        return Ok((found.card, found.done.dup));
    }
    let room = found.card.room.key.clone();
    let answered = context.ask(AnswerDirect { caller, room }).await?;
    Ok((answered.card, answered.done.dup))
}
