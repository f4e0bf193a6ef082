//! Removing read markers that are no longer needed.

use crate::store::markers::{self, Marker};
use rooms::api::RoomKey;
use std::convert::Infallible;
use storage::prelude::*;

/// Removes markers of one room. A marker that was moved meanwhile stays.
pub(crate) struct SweepMarkersJob {
    pub(crate) room: RoomKey,
    pub(crate) markers: Vec<Marker>,
}

impl Job for SweepMarkersJob {
    const NAME: &'static str = "messaging.sweep";
    const STATES: bool = false;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        for marker in &self.markers {
            markers::remove(tx, marker).await?;
        }
        Ok(())
    }
}
