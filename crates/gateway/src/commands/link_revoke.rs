//! `link.revoke`: ends a link.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{RevokeLink, RoomKey};
use serde_json::json;

pub(super) struct LinkRevoke {
    room: RoomKey,
    /// The link's id, not its code.
    link: String,
}

impl Run for LinkRevoke {
    const OP: &'static str = "link.revoke";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<RevokeLink>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            link: d.string("link")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let revoke = RevokeLink {
            caller: context.caller()?,
            room: self.room,
            link: self.link,
        };
        let revoked = context.ask(revoke).await?;
        Ok(CommandReply::of(&json!({ "dup": revoked.dup })))
    }
}
