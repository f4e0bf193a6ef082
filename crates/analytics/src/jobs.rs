//! What analytics writes: counts together with the cursors they belong to.

use crate::counts::Counts;
use crate::store;
use storage::prelude::*;

/// All of analytics' writes are in order.
const LANE: LaneKey = LaneKey(0);

/// A log has been counted further, or less far, than was thought: read the cursors again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stale;

/// Adds counts, if the logs stand where these begin.
pub(crate) struct Count(pub(crate) Counts);

impl Job for Count {
    const NAME: &'static str = "analytics.count";
    type Answer = ();
    type Refusal = Stale;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Stale>> {
        for (room, moved) in &self.0.cursors {
            if !store::advance(tx, *room, moved).await? {
                return Err(JobError::Refused(Stale));
            }
        }
        store::add(tx, &self.0).await?;
        Ok(())
    }
}

/// Begins from nothing with the logs of another store.
pub(crate) struct Forget {
    pub(crate) epoch: String,
}

impl Job for Forget {
    const NAME: &'static str = "analytics.forget";
    type Answer = ();
    type Refusal = Stale;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Stale>> {
        Ok(store::forget(tx, &self.epoch).await?)
    }
}
