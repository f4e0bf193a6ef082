//! `presence`: who of a room is online.

use super::parts::{OnlineShape, online};
use super::{CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{Members, RoomKey};

pub(super) struct Presence {
    room: RoomKey,
}

impl Run for Presence {
    const OP: &'static str = "presence";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<Members>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self { room: d.room()? })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let read = online(context.caller()?, self.room, context.limits());
        let page = context.ask(read).await?;
        Ok(CommandReply::of(&OnlineShape::from(&page)))
    }
}
