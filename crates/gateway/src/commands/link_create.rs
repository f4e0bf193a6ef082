//! `link.create`: makes a link by which people join a room.

use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, LinkShape};
use rooms::api::{CreateLink, RoomKey};
use serde_json::json;

pub(super) struct LinkCreate {
    room: RoomKey,
    /// The client's own id of the creation: a repeat with the same one makes no second link.
    cid: String,
    uses: Option<i64>,
    until_ms: Option<i64>,
}

impl Run for LinkCreate {
    const OP: &'static str = "link.create";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<CreateLink>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            cid: d.string("cid")?,
            uses: d.optional_integer("uses")?,
            until_ms: d.optional_integer("until_ms")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let create = CreateLink {
            caller: context.caller()?,
            room: self.room,
            cid: self.cid,
            uses: self.uses,
            until_ms: self.until_ms,
        };
        let created = context.ask(create).await?;
        Ok(CommandReply::of(&json!({
            "link": LinkShape::from(&created.link),
            "code": created.code.0,
            "dup": created.dup,
        })))
    }
}
