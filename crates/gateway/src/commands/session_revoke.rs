//! `session.revoke`: ends one of one's own sessions, or all others.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run, logout};
use crate::wire::{Error, Fields};
use rooms::api::RoomKey;
use serde_json::json;
use sessions::api::RevokeSession;

pub(super) struct SessionRevoke {
    /// An id, or `others`.
    session: String,
}

impl Run for SessionRevoke {
    const OP: &'static str = "session.revoke";
    const LANE: Lane = Lane::Ordered(Answerer::Sessions);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<RevokeSession>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            session: d.string("session")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let caller = context.caller()?;
        let session = self.session;
        if session == caller.session.to_string() {
            // A logout, so that the reply leaves before the close.
            return logout::log_out(&context).await;
        }
        context.ask(RevokeSession { caller, session }).await?;
        Ok(CommandReply::of(&json!({})))
    }
}
