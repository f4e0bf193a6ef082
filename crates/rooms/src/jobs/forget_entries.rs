//! What is too old is taken out of a room's log, from its beginning on. Places stay as they are.

use crate::api::{EntriesForgotten, RoomKey};
use crate::store::retention::{self, Age};
use crate::store::rooms;
use std::convert::Infallible;
use std::sync::Arc;
use storage::prelude::*;

/// The most entries that one job takes away: the lane has other work.
pub(crate) const ENTRIES_MAX: usize = 500;

/// Takes away a room's oldest entries as far as they are from before a moment; how many those were. The last entry is always kept, and one that is dated later
/// than its successors keeps them until its own time comes.
pub(crate) struct ForgetEntriesJob {
    pub(crate) room: RoomKey,
    pub(crate) before: i64,
    /// At most so many, and at most [`ENTRIES_MAX`].
    pub(crate) max: usize,
}

impl Job for ForgetEntriesJob {
    const NAME: &'static str = "rooms.forget";
    type Answer = usize;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<usize, JobError<Infallible>> {
        let Some(room) = rooms::lock_one(tx, &self.room).await? else {
            return Ok(0);
        };
        let (id, from) = (room.info.id, room.kept_from);
        let max = self.max.min(ENTRIES_MAX);
        let and_next = i64::try_from(max + 1).unwrap_or(i64::MAX);
        let oldest = retention::oldest(tx, id, (from, room.head), and_next).await?;
        let taken = oldest.iter().take(max);
        let taken = taken.take_while(|(_, at)| *at < self.before).count();
        let next = oldest.get(taken);
        retention::set_age(tx, id, next.map(|(_, at)| *at)).await?;
        let Some((last, _)) = taken.checked_sub(1).map(|index| oldest[index]) else {
            return Ok(0);
        };
        let kept_from = last + 1;
        retention::delete_entries(tx, id, (from, kept_from)).await?;
        tx.state(EntriesForgotten {
            room: Arc::clone(&room.info),
            from,
            kept_from,
        });
        Ok(taken)
    }
}

/// Notes the ages of rooms that have grown.
pub(crate) struct RecordAgesJob(pub(crate) Vec<Age>);

impl Job for RecordAgesJob {
    const NAME: &'static str = "rooms.note_ages";
    const STATES: bool = false;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        retention::record_ages(tx, &self.0).await?;
        Ok(())
    }
}
