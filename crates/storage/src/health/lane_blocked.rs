//! What keeps a lane from writing while its database still answers reads: a file that another
//! process has locked, a full disk. The probe turns it into the database's state.

use parking_lot::{Mutex, MutexGuard};
use std::fmt::Display;
use std::time::Duration;
use tokio::time::Instant;

/// A batch that has been retried for this long says something about its database, not about itself.
/// As long as SQLite waits for another process's lock.
const LONG: Duration = Duration::from_secs(1);

/// A block counts for this long after it was last met, whatever is written in between: an almost
/// full disk has space for a few bytes now and then.
const LINGERS: Duration = Duration::from_secs(1);

/// The block of one lane, if there is one.
#[derive(Default)]
pub(crate) struct LaneBlocked(Mutex<Option<Block>>);

struct Block {
    cause: String,
    at: Instant,
    /// Whether something was written since.
    written: bool,
}

impl LaneBlocked {
    /// Notes a failed attempt of a batch that began at `since`.
    pub(crate) fn failed(&self, fault: &dyn Display, disk_full: bool, since: Instant) {
        if !disk_full && since.elapsed() < LONG {
            return;
        }
        *self.locked() = Some(Block {
            cause: format!("nothing can be written: {fault}"),
            at: Instant::now(),
            written: false,
        });
    }

    /// Notes that something was written.
    pub(crate) fn written(&self) {
        if let Some(block) = &mut *self.locked() {
            block.written = true;
        }
    }

    /// Returns what blocks the lane, if anything does.
    pub(crate) fn cause(&self) -> Option<String> {
        let mut block = self.locked();
        if let Some(Block {
            at, written: true, ..
        }) = &*block
            && at.elapsed() >= LINGERS
        {
            *block = None;
        }
        block.as_ref().map(|block| block.cause.clone())
    }

    /// Whether nobody has tried to write for a while: only a write shows whether the lane is still
    /// blocked.
    pub(crate) fn needs_trial(&self) -> bool {
        let block = self.locked();
        block
            .as_ref()
            .is_some_and(|block| !block.written && block.at.elapsed() >= LONG)
    }

    fn locked(&self) -> MutexGuard<'_, Option<Block>> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::{LINGERS, LONG, LaneBlocked};
    use tokio::time::{Instant, advance};

    #[tokio::test(start_paused = true)]
    async fn a_retry_blocks_a_lane_only_when_it_lasts_and_a_full_disk_does_at_once() {
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
