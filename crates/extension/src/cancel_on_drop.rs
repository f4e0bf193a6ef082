//! A task whose result somebody waits for.

use bus::Task;

/// Cancels a task when nobody waits for its result any more.
pub(crate) struct CancelOnDrop(pub(crate) Task);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
