//! Removing what messaging stores about messages that retention has deleted.

use crate::store::{reactions, states};
use rooms::api::{RoomId, RoomKey, Seq};
use std::convert::Infallible;
use storage::prelude::*;

/// Removes the states and reactions of a room's deleted messages. Safe to repeat.
pub(crate) struct ForgetMessagesJob {
    pub(crate) room: RoomId,
    pub(crate) key: RoomKey,
    /// The first seq that may have rows, and the first that is kept. The lower bound keeps PostgreSQL
    /// from scanning the dead rows of earlier deletions.
    pub(crate) range: (Seq, Seq),
}

impl Job for ForgetMessagesJob {
    const NAME: &'static str = "messaging.forget";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        self.key.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        states::remove_range(tx, self.room, self.range).await?;
        reactions::remove_range(tx, self.room, self.range).await?;
        Ok(())
    }
}
