//! `links`: a room's links that work, without their codes.

use super::{CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, LinkShape};
use rooms::api::{Links, RoomKey};
use serde_json::json;

pub(super) struct LinkList {
    room: RoomKey,
}

impl Run for LinkList {
    const OP: &'static str = "links";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<Links>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self { room: d.room()? })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let read = Links {
            caller: context.caller()?,
            room: self.room,
        };
        let links = context.ask(read).await?;
        let links: Vec<LinkShape<'_>> = links.iter().map(LinkShape::from).collect();
        Ok(CommandReply::of(&json!({ "links": links })))
    }
}
