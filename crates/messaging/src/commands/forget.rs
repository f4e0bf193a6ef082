//! The messages of a room below some place are no more: what the log lacks about them goes too.

use crate::store::{reactions, states};
use rooms::api::{RoomFace, Seq};
use std::convert::Infallible;
use std::sync::Arc;
use storage::prelude::*;

/// Forgets states and reactions of messages that are no longer kept.
pub(crate) struct Forgetting {
    pub(crate) room: Arc<RoomFace>,
    pub(crate) kept_from: Seq,
}

impl Job for Forgetting {
    const NAME: &'static str = "messaging.forget";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        self.room.key.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        states::forget(tx, self.room.id, self.kept_from).await?;
        reactions::forget(tx, self.room.id, self.kept_from).await?;
        Ok(())
    }
}
