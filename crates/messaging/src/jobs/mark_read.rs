//! `read`: moves a person's read marker. In a burst, only the furthest move per person and room is
//! executed.

use crate::api::{Marked, MarkerMoved, Refusal};
use crate::store::markers;
use rooms::api::log::{self, Standing};
use rooms::api::{RoomKey, Seq};
use sessions::api::{ConnectionId, UserId};
use std::collections::HashMap;
use storage::prelude::*;

/// Moves a read marker, never back.
pub(crate) struct MarkReadJob {
    pub(crate) user: UserId,
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) room: RoomKey,
    pub(crate) seq: Seq,
}

impl Job for MarkReadJob {
    const NAME: &'static str = "messaging.mark_read";
    type Answer = Marked;
    type Refusal = Refusal;
    const SET: bool = true;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Marked, JobError<Refusal>> {
        self.mark(tx).await?.map_err(JobError::Refused)
    }

    async fn run_set(
        jobs: &[&Self],
        tx: &mut Writer<'_>,
    ) -> Result<Vec<Result<Marked, Refusal>>, Fault> {
        let mut outcomes = HashMap::new();
        for job in furthest(jobs) {
            outcomes.insert(job.owner(), job.mark(tx).await?);
        }
        Ok(jobs
            .iter()
            .map(|job| outcomes[&job.owner()].clone())
            .collect())
    }
}

impl MarkReadJob {
    fn owner(&self) -> (UserId, &RoomKey) {
        (self.user, &self.room)
    }

    async fn mark(&self, tx: &mut Writer<'_>) -> Result<Result<Marked, Refusal>, Fault> {
        let standing = match log::standing(tx, &self.room, self.user).await? {
            Ok(standing) => standing,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let room = standing.room.id;
        let stored = markers::of(tx, self.user, room).await?;
        let before = stored.max(standing.joined_seq);
        let seq = self.seq.min(standing.head).max(before);
        let (unread, mentions) = unread_above(tx, &standing, self.user, seq).await?;
        let marked = Marked {
            seq,
            unread,
            mentions,
        };
        if seq > before {
            markers::advance(tx, self.user, room, seq).await?;
            tx.state(self.moved(marked));
        }
        Ok(Ok(marked))
    }

    fn moved(&self, marked: Marked) -> MarkerMoved {
        MarkerMoved {
            user: self.user,
            room: self.room.clone(),
            seq: marked.seq,
            unread: marked.unread,
            mentions: marked.mentions,
            by: self.connection,
        }
    }
}

/// Returns, for each person and room, the job with the highest seq.
fn furthest<'j>(jobs: &[&'j MarkReadJob]) -> Vec<&'j MarkReadJob> {
    let mut furthest: HashMap<_, &'j MarkReadJob> = HashMap::new();
    for job in jobs {
        let best = furthest.entry(job.owner()).or_insert(job);
        if job.seq > best.seq {
            *best = job;
        }
    }
    furthest.into_values().collect()
}

/// Counts unread messages and mentions above a marker. Most markers are at the head, where nothing is
/// unread, so this avoids the query.
async fn unread_above(
    tx: &mut Writer<'_>,
    standing: &Standing,
    user: UserId,
    marker: Seq,
) -> Result<(u32, u32), Fault> {
    if marker >= standing.head {
        return Ok((0, 0));
    }
    log::unread(tx, standing.room.id, user, marker).await
}
