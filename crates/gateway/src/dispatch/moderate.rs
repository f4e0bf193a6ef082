//! Rooms and who may do what in them, asked of rooms.

use super::{Asker, Body};
use crate::wire::{CardShape, Command, DoneShape, Error, UNKNOWN_OP};
use rooms::api::{CreateRoom, Created, Moderate, OpenDirect, UpdateRoom};
use serde_json::json;
use sessions::api::Caller;

pub(super) async fn govern(asker: &Asker, caller: Caller, command: Command) -> Result<Body, Error> {
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
            Ok(created(&asker.ask(create).await?))
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
            Ok(created(&asker.ask(update).await?))
        }
        Command::Direct { user } => {
            let direct = asker.ask(OpenDirect { caller, user }).await?;
            let card = CardShape::from(&direct.card);
            Ok(Body::of(&json!({ "card": card, "dup": direct.done.dup })))
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
            Ok(Body::of(&DoneShape::from(asker.ask(moderate).await?)))
        }
        _ => Err(Error::new(&UNKNOWN_OP)),
    }
}

fn created(created: &Created) -> Body {
    Body::of(&json!({
        "card": CardShape::from(&created.card),
        "seq": created.done.seq,
        "dup": created.done.dup,
    }))
}
