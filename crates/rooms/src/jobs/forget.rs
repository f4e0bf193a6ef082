//! What is too old is taken out of a room's log, from its beginning on. Places stay as they are.

use crate::api::{EntriesForgotten, RoomKey};
use crate::store::{retention, rooms};
use std::convert::Infallible;
use std::sync::Arc;
use storage::prelude::*;

/// The most entries that one job takes away: the lane has other work.
pub(crate) const ENTRIES_MAX: usize = 500;

/// Takes away a room's oldest entries as far as they are from before a moment, at most
/// [`ENTRIES_MAX`]; how many those were. The last entry is always kept, and one that is dated later
/// than its successors keeps them until its own time comes.
pub(crate) struct Forget {
    pub(crate) room: RoomKey,
    pub(crate) before: i64,
}

impl Job for Forget {
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
        let (id, range) = (room.face.id, (room.kept_from, room.head));
        let max = i64::try_from(ENTRIES_MAX).unwrap_or(i64::MAX);
        let oldest = retention::oldest(tx, id, range, max).await?;
        let too_old = oldest.iter().take_while(|(_, at)| *at < self.before);
        let too_old: Vec<_> = too_old.collect();
        let Some((last, _)) = too_old.last() else {
            return Ok(0);
        };
        let kept_from = last + 1;
        retention::cut(tx, id, kept_from).await?;
        tx.state(EntriesForgotten {
            room: Arc::clone(&room.face),
            kept_from,
        });
        Ok(too_old.len())
    }
}
