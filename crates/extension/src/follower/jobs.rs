//! The jobs of a follower: they write what it makes of the entries together with its cursors.

use super::{Follower, Page, progress};
use rooms::api::{RoomId, RoomInfo, RoomKey, Seq};
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
    Forgotten { room: Arc<RoomInfo>, kept_from: Seq },
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
            match step {
                Step::Page(page) => {
                    let room = (page.room.id, &page.room.key);
                    if !progress::advance(tx, room, page.from, page.to).await? {
                        return Err(JobError::Refused(CursorConflict));
                    }
                    self.follower.apply(page, tx).await?;
                }
                Step::Forgotten { room, kept_from } => {
                    progress::keep(tx, room.id, *kept_from).await?;
                    self.follower.forgotten(room, *kept_from, tx).await?;
                }
            }
        }
        Ok(())
    }
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

/// Sets the cursors of rooms whose entries so far are left out; with an epoch, these are the last.
pub(crate) struct Begin {
    pub(crate) heads: Vec<(RoomId, RoomKey, Seq)>,
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
        for (room, key, head) in &self.heads {
            if !progress::advance(tx, (*room, key), 0, *head).await? {
                return Err(JobError::Refused(CursorConflict));
            }
        }
        if let Some(epoch) = &self.epoch {
            progress::begin(tx, epoch).await?;
        }
        Ok(())
    }
}
