//! `ping`: the server's time, also before `hello`.

use super::{Body, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, Time};
use rooms::api::RoomKey;
use serde_json::json;

pub(super) struct Ping;

impl Run for Ping {
    const OP: &'static str = "ping";
    const LANE: Lane = Lane::Concurrent;
    const COST: Cost = Cost::Other;
    const NEEDS_HELLO: bool = false;

    fn asks(_: &mut bus::Builder) {}

    fn read(_: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self)
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, _: Context) -> Result<CommandReply, Error> {
        let body = Body::of(&json!({ "time": Time::now() }));
        Ok(CommandReply::Body(body))
    }
}
