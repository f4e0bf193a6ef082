//! Retention's write jobs: deleting the oldest entries of a room, and recording how old rooms are. The
//! remaining entries keep their `seq`.

use crate::api::{EntriesForgotten, RoomKey};
use crate::store::retention::{self, Age};
use crate::store::rooms;
use std::convert::Infallible;
use std::sync::Arc;
use storage::prelude::*;

/// The maximum number of entries that one job deletes, so that the lane's other jobs wait only briefly.
pub(crate) const ENTRIES_MAX: usize = 500;

/// Deletes a room's oldest entries written before a given time and returns how many. Always keeps the
/// last entry. An entry with a later time than its successors keeps them too, until it is old enough.
pub(crate) struct ForgetEntriesJob {
    pub(crate) room: RoomKey,
    /// ms since 1970.
    pub(crate) before: i64,
    /// The maximum number of entries; [`ENTRIES_MAX`] caps it.
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
        let limit = i64::try_from(max + 1).unwrap_or(i64::MAX);
        let oldest = retention::oldest(tx, id, (from, room.head), limit).await?;
        let deletable = oldest.iter().take(max);
        let deleted = deletable.take_while(|(_, at)| *at < self.before).count();
        let next = oldest.get(deleted);
        retention::set_age(tx, id, next.map(|(_, at)| *at)).await?;
        let Some((last, _)) = deleted.checked_sub(1).map(|index| oldest[index]) else {
            return Ok(0);
        };
        let kept_from = last + 1;
        retention::delete_entries(tx, id, (from, kept_from)).await?;
        tx.state(EntriesForgotten {
            room: Arc::clone(&room.info),
            from,
            kept_from,
        });
        Ok(deleted)
    }
}

/// Records the ages of rooms that have none recorded yet.
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
