//! `logout`: ends the session.

use super::{Body, CommandReply, Context, Cost, Lane, Run};
use crate::connection::Close;
use crate::wire::{Error, Fields};
use rooms::api::RoomKey;
use serde_json::json;
use sessions::api;

pub(super) struct Logout;

impl Run for Logout {
    const OP: &'static str = "logout";
    const LANE: Lane = Lane::Alone;
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<api::Logout>();
    }

    fn read(_: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self)
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        log_out(&context).await
    }
}

/// Ends the caller's session. All its sockets close 1000, this one after its reply.
pub(super) async fn log_out(context: &Context) -> Result<CommandReply, Error> {
    let caller = context.caller()?;
    let body = Body::of(&json!({}));
    let Some(conn) = &context.conn else {
        context.ask(api::Logout { caller }).await?;
        return Ok(CommandReply::Body(body));
    };
    conn.begin_logout();
    match context.ask(api::Logout { caller }).await {
        Ok(()) => Ok(CommandReply::ThenClose(Ok(body), Close::LOGOUT)),
        Err(error) => {
            conn.cancel_logout();
            Err(error)
        }
    }
}
