//! The messages of a room below some place are no more: what the log lacks about them goes too.

use crate::store::{reactions, states};
use rooms::api::{RoomId, RoomKey, Seq};
use std::convert::Infallible;
use storage::prelude::*;

/// Forgets states and reactions of messages that are no longer kept.
pub(crate) struct ForgetMessagesJob {
    pub(crate) room: RoomId,
    pub(crate) key: RoomKey,
    /// The first place that may have anything, and the first that is kept. The lower one keeps
    /// PostgreSQL from walking over everything that was taken away before.
    pub(crate) places: (Seq, Seq),
}

impl Job for ForgetMessagesJob {
    const NAME: &'static str = "messaging.forget";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        self.key.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        states::forget(tx, self.room, self.places).await?;
        reactions::forget(tx, self.room, self.places).await?;
        Ok(())
    }
}
