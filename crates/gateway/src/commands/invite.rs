//! `invite`: lets someone join a room that is not public.

use super::parts::Subject;
use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{Moderate, Moderation, RoomKey};

pub(super) struct Invite(Subject);

impl Run for Invite {
    const OP: &'static str = "invite";
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
        self.0.act(Moderation::Invite, context).await
    }
}
