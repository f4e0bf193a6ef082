//! Removing the read markers of people who have ended.

use crate::store::markers;
use sessions::api::UserId;
use std::convert::Infallible;
use storage::prelude::*;

/// A lane of its own, so that no command waits for this job.
const LANE: LaneKey = LaneKey(0x7265_6164);

/// Removes the read markers of people who have ended. Safe to repeat.
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
        markers::remove_of_users(tx, &self.users).await?;
        Ok(())
    }
}
