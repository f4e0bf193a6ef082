//! `unban`: lets someone who was banned join again.

use super::parts::Subject;
use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{Moderate, Moderation, RoomKey};

pub(super) struct Unban(Subject);

impl Run for Unban {
    const OP: &'static str = "unban";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<Moderate>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self(Subject::read(d)?))
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.0.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        self.0.act(Moderation::Unban, context).await
    }
}
