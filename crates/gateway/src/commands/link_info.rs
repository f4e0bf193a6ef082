//! `link.info`: the room that the code of a link opens, also for someone who has not said `hello`.

use super::{CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields, LinkedRoomShape};
use rooms::api::{FindLink, LinkCode, RoomKey};

pub(super) struct LinkInfo {
    code: LinkCode,
}

impl Run for LinkInfo {
    const OP: &'static str = "link.info";
    const LANE: Lane = Lane::Concurrent;
    /// A guess costs as much as a guess at a token.
    const COST: Cost = Cost::Hello;
    const NEEDS_HELLO: bool = false;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<FindLink>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            code: LinkCode(d.string("code")?),
        })
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let found = context.ask(FindLink { code: self.code }).await?;
        Ok(CommandReply::of(&LinkedRoomShape::from(&found)))
    }
}
