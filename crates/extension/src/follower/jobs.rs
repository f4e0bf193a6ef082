//! The jobs of a follower: they write what it makes of the entries together with its cursors.

use super::{Follower, Page, progress};
use rooms::api::{RoomHead, RoomInfo, Seq};
use std::convert::Infallible;
use std::sync::Arc;
use storage::prelude::*;

/// One lane: all writes run in order.
const LANE: LaneKey = LaneKey(0);

/// One step of a follower.
pub(crate) enum Step {
    /// Entries of a room, up to a new cursor.
    Page(Page),
    /// Retention deleted the room's entries below `kept_from`.
    Forgotten {
        room: Arc<RoomInfo>,
        /// What it had left before, as far as the follower knows; 0 for nothing.
        from: Seq,
        kept_from: Seq,
    },
}

/// A stored cursor is not where a page begins: read the cursors again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CursorConflict;

/// Carries out steps, if the stored cursors are where their pages begin.
pub(crate) struct Apply<F> {
    pub(crate) follower: Arc<F>,
    pub(crate) steps: Vec<Step>,
}

impl<F: Follower> Job for Apply<F> {
    const NAME: &'static str = "extension.apply";
    type Answer = ();
    type Refusal = CursorConflict;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<CursorConflict>> {
        for step in &self.steps {
            let is_next = match step {
                Step::Page(page) => {
                    let room = (page.room.id, &page.room.key);
                    progress::advance(tx, room, page.from, page.to).await?
                }
                Step::Forgotten {
                    room,
                    from,
                    kept_from,
                } => progress::keep(tx, room.id, *from, *kept_from).await?,
            };
            if !is_next {
                return Err(JobError::Refused(CursorConflict));
            }
            let applied = match step {
                Step::Page(page) => self.follower.apply(page, tx).await,
                Step::Forgotten {
                    room, kept_from, ..
                } => self.follower.forgotten(room, *kept_from, tx).await,
            };
            applied.map_err(|fault| at(step, fault))?;
        }
        Ok(())
    }
}

/// Adds where it happened to a fault of the extension's own.
fn at(step: &Step, fault: Fault) -> Fault {
    let place = match step {
        Step::Page(page) => page.place(),
        Step::Forgotten { room, .. } => format!("in room {}", room.key.0),
    };
    let error = match fault {
        Fault::Query(error) => anyhow::Error::new(error),
        Fault::Other(error) => error,
    };
    Fault::Other(error.context(place))
}

/// Deletes everything that came from another store. With an epoch, the follower begins with the
/// store of that epoch; without, [`Begin`] must follow.
pub(crate) struct Reset<F> {
    pub(crate) follower: Arc<F>,
    pub(crate) epoch: Option<String>,
}

impl<F: Follower> Job for Reset<F> {
    const NAME: &'static str = "extension.reset";
    type Answer = ();
    type Refusal = Infallible;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        progress::clear(tx).await?;
        self.follower.reset(tx).await?;
        if let Some(epoch) = &self.epoch {
            progress::begin(tx, epoch).await?;
        }
        Ok(())
    }
}

/// Leaves out what rooms have so far, entries and retention; with an epoch, these are the last rooms.
pub(crate) struct Begin {
    pub(crate) heads: Vec<RoomHead>,
    pub(crate) epoch: Option<String>,
}

impl Job for Begin {
    const NAME: &'static str = "extension.begin";
    type Answer = ();
    type Refusal = CursorConflict;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<CursorConflict>> {
        for head in &self.heads {
            let room = (head.room, &head.key);
            let is_first = progress::advance(tx, room, 0, head.head).await?
                && (head.kept_from <= 1
                    || progress::keep(tx, head.room, 0, head.kept_from).await?);
            if !is_first {
                return Err(JobError::Refused(CursorConflict));
            }
        }
        if let Some(epoch) = &self.epoch {
            progress::begin(tx, epoch).await?;
        }
        Ok(())
    }
}
