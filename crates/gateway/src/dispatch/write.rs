//! Writing commands for messaging, and `session.revoke`.

use super::{Body, BusClient};
use crate::wire::{Command, DoneShape, Error, MarkedShape, SentShape, UNKNOWN_OP};
use messaging::api::{DeleteMessage, EditMessage, MarkRead, React, SendMessage};
use serde_json::json;
use sessions::api::{Caller, ConnectionId, RevokeSession};

pub(super) async fn write(
    bus: &BusClient,
    caller: Caller,
    connection: Option<ConnectionId>,
    command: Command,
) -> Result<Body, Error> {
    match command {
        Command::Send {
            room,
            cid,
            body,
            reply_to,
        } => {
            let send = SendMessage {
                caller,
                room,
                cid,
                body,
                reply_to,
            };
            let stored = bus.ask(send).await?;
            Ok(Body::of(&SentShape::from(&stored)))
        }
        Command::Edit { room, target, body } => {
            let edit = EditMessage {
                caller,
                room,
                target,
                body,
            };
            Ok(done(bus.ask(edit).await?))
        }
        Command::Delete { room, target } => {
            let delete = DeleteMessage {
                caller,
                room,
                target,
            };
            Ok(done(bus.ask(delete).await?))
        }
        Command::React {
            room,
            target,
            emoji,
            on,
        } => {
            let react = React {
                caller,
                room,
                target,
                emoji,
                on,
            };
            Ok(done(bus.ask(react).await?))
        }
        Command::Read { room, seq } => {
            let read = MarkRead {
                caller,
                connection,
                room,
                seq,
            };
            let marked = bus.ask(read).await?;
            Ok(Body::of(&MarkedShape::from(marked)))
        }
        Command::RevokeSession { session } => {
            bus.ask(RevokeSession { caller, session }).await?;
            Ok(Body::of(&json!({})))
        }
        _ => Err(Error::new(&UNKNOWN_OP)),
    }
}

fn done(done: rooms::api::Done) -> Body {
    Body::of(&DoneShape::from(done))
}
