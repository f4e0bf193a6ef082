//! People who are over have nothing left to read.

use crate::store::markers;
use sessions::api::UserId;
use std::convert::Infallible;
use storage::prelude::*;

/// A lane of its own: nobody waits for this.
const LANE: LaneKey = LaneKey(0x7265_6164);

/// Removes the read markers of people who ended. Safe to repeat.
pub(crate) struct ClearMarkersJob {
    pub(crate) users: Vec<UserId>,
}

impl Job for ClearMarkersJob {
    const NAME: &'static str = "messaging.clear_ended";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        markers::forget(tx, &self.users).await?;
        Ok(())
    }
}
