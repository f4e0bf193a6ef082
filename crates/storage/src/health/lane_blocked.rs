//! What keeps a lane from writing while its database answers reads all the same: a file that
//! another process has locked, a disk without room. The probe makes it the database's state.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A batch that has been repeated for so long tells of its database, not of itself. As long as
/// SQLite waits for another's lock.
const LONG: Duration = Duration::from_secs(1);

/// A lane_blocked counts for so long after it was last met, whatever is written in between: a disk that
/// is all but full has room for a few bytes now and then.
const LINGERS: Duration = Duration::from_secs(1);

/// Of one lane.
#[derive(Default)]
pub(crate) struct LaneBlocked(Mutex<Option<Block>>);

struct Block {
    cause: String,
    at: Instant,
    /// Something was written since.
    written: bool,
}

impl LaneBlocked {
    /// An attempt of a batch that began then was in vain.
    pub(crate) fn failed(&self, fault: &dyn Display, no_room: bool, since: Instant) {
        if !no_room && since.elapsed() < LONG {
            return;
        }
        *self.locked() = Some(Block {
            cause: format!("nothing can be written: {fault}"),
            at: Instant::now(),
            written: false,
        });
    }

    /// Something was written.
    pub(crate) fn written(&self) {
        if let Some(met) = &mut *self.locked() {
            met.written = true;
        }
    }

    /// What it is, if there is any.
    pub(crate) fn cause(&self) -> Option<String> {
        let mut met = self.locked();
        if let Some(Block {
            at, written: true, ..
        }) = &*met
            && at.elapsed() >= LINGERS
        {
            *met = None;
        }
        met.as_ref().map(|met| met.cause.clone())
    }

    /// Nobody has tried for a while: whether it lasts shows only when somebody writes.
    pub(crate) fn needs_trial(&self) -> bool {
        let met = self.locked();
        met.as_ref()
            .is_some_and(|met| !met.written && met.at.elapsed() >= LONG)
    }

    fn locked(&self) -> MutexGuard<'_, Option<Block>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{LINGERS, LONG, LaneBlocked};
    use tokio::time::{Instant, advance};

    #[tokio::test(start_paused = true)]
    async fn a_repeat_is_a_hindrance_only_when_it_lasts_and_no_room_is_one_at_once() {
        let (lane_blocked, began) = (LaneBlocked::default(), Instant::now());
        lane_blocked.failed(&"locked", false, began);
        assert_eq!(lane_blocked.cause(), None);
        advance(LONG).await;
        lane_blocked.failed(&"locked", false, began);
        assert!(
            lane_blocked
                .cause()
                .is_some_and(|cause| cause.ends_with("locked"))
        );
        let full = LaneBlocked::default();
        full.failed(&"full", true, Instant::now());
        assert!(full.cause().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_a_commit_after_which_it_is_not_met_for_a_while() {
        let lane_blocked = LaneBlocked::default();
        lane_blocked.failed(&"full", true, Instant::now());
        assert!(!lane_blocked.needs_trial(), "it was tried just now");
        advance(LONG * 60).await;
        assert!(lane_blocked.cause().is_some(), "nobody has written since");
        assert!(lane_blocked.needs_trial());
        lane_blocked.failed(&"full", true, Instant::now());
        lane_blocked.written();
        assert!(lane_blocked.cause().is_some(), "a few bytes found room");
        advance(LINGERS).await;
        assert_eq!(lane_blocked.cause(), None);
        assert!(!lane_blocked.needs_trial());
    }
}
