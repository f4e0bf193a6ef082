//! The jobs of analytics: they write counts together with their cursors.

use crate::counts::Counts;
use crate::store;
use storage::prelude::*;

/// One lane: all writes run in order.
const LANE: LaneKey = LaneKey(0);

/// A stored cursor is not where the counts begin: read the cursors again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CursorConflict;

/// Adds counts, if the stored cursors are where these begin.
pub(crate) struct AddCounts(pub(crate) Counts);

impl Job for AddCounts {
    const NAME: &'static str = "analytics.count";
    type Answer = ();
    type Refusal = CursorConflict;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<CursorConflict>> {
        for (room, moved) in &self.0.cursors {
            if !store::advance(tx, *room, moved).await? {
                return Err(JobError::Refused(CursorConflict));
            }
        }
        store::add(tx, &self.0).await?;
        Ok(())
    }
}

/// Deletes all counts and cursors, to count the logs of another store.
pub(crate) struct Reset {
    pub(crate) epoch: String,
}

impl Job for Reset {
    const NAME: &'static str = "analytics.forget";
    type Answer = ();
    type Refusal = CursorConflict;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<CursorConflict>> {
        Ok(store::reset(tx, &self.epoch).await?)
    }
}
