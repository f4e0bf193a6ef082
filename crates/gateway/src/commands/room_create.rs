//! `room.create`: makes a public or a private room.

use super::parts::{history, kind, reply};
use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{CreateRoom, History, Kind, RoomKey};

pub(super) struct RoomCreate {
    /// The key of a public room, the title of a private one.
    name: String,
    kind: Kind,
    topic: Option<String>,
    history: Option<History>,
    /// The client's own id of the creation: a repeat with the same one makes no second room.
    cid: Option<String>,
}

impl Run for RoomCreate {
    const OP: &'static str = "room.create";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<CreateRoom>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            name: d.string("name")?,
            kind: kind(d)?.ok_or(Error::field("kind", "is missing"))?,
            topic: d.optional_string("topic")?,
            history: history(d)?,
            cid: d.optional_string("cid")?,
        })
    }

    /// The name of a public room is its key: commands that follow may already mean it.
    fn room(&self) -> Option<RoomKey> {
        (self.kind == Kind::Public).then(|| RoomKey(self.name.as_str().into()))
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let create = CreateRoom {
            caller: context.caller()?,
            name: self.name,
            kind: self.kind,
            topic: self.topic,
            history: self.history,
            cid: self.cid,
        };
        Ok(reply(&context.ask(create).await?))
    }
}
