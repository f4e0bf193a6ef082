//! Commands for rooms: creation, settings, direct rooms and moderation.

use super::{Body, BusClient};
use crate::wire::{CardShape, Command, DoneShape, Error, UNKNOWN_OP};
use rooms::api::{AnswerDirect, Card, CreateRoom, Created, Moderate, OpenDirect, UpdateRoom};
use serde_json::json;
use sessions::api::Caller;

pub(super) async fn manage_room(
    bus: &BusClient,
    caller: Caller,
    command: Command,
) -> Result<Body, Error> {
    match command {
        Command::CreateRoom {
            name,
            kind,
            topic,
            history,
            cid,
        } => {
            let create = CreateRoom {
                caller,
                name,
                kind,
                topic,
                history,
                cid,
            };
            Ok(created(&bus.ask(create).await?))
        }
        Command::UpdateRoom {
            room,
            title,
            topic,
            history,
            kind,
        } => {
            let update = UpdateRoom {
                caller,
                room,
                title,
                topic,
                history,
                kind,
            };
            Ok(created(&bus.ask(update).await?))
        }
        Command::Direct { user } => {
            let (card, dup) = direct(bus, caller, user).await?;
            let card = CardShape::from(&card);
            Ok(Body::of(&json!({ "card": card, "dup": dup })))
        }
        Command::Moderate {
            room,
            user,
            what,
            reason,
        } => {
            let moderate = Moderate {
                caller,
                room,
                user,
                what,
                reason,
            };
            Ok(Body::of(&DoneShape::from(bus.ask(moderate).await?)))
        }
        _ => Err(Error::new(&UNKNOWN_OP)),
    }
}

/// Finds or creates the direct room; accepts it for the caller if they have not answered it yet.
async fn direct(bus: &BusClient, caller: Caller, user: String) -> Result<(Card, bool), Error> {
    let open = OpenDirect {
        caller: caller.clone(),
        user,
    };
    let found = bus.ask(open).await?;
    if found.answered {
        return Ok((found.card, found.done.dup));
    }
    let room = found.card.room.key.clone();
    let answered = bus.ask(AnswerDirect { caller, room }).await?;
    Ok((answered.card, answered.done.dup))
}

fn created(created: &Created) -> Body {
    Body::of(&json!({
        "card": CardShape::from(&created.card),
        "seq": created.done.seq,
        "dup": created.done.dup,
    }))
}
