//! Ends a stop that hangs, from a thread that a stuck runtime cannot block.

use crate::{log_output, stop};
use bus::Tasks;
use std::time::Duration;
use tokio::runtime::Handle;

/// Time beyond the longest stop before the process is killed, for joining threads and logging.
const GRACE: Duration = Duration::from_secs(1);

/// Starts a thread that waits for a stop to begin, and then exits if the process is still running
/// after the budget. Call it within the runtime.
pub(crate) fn arm(tasks: &Tasks, budget: Duration) {
    let (stopping, runtime) = (tasks.stopping().clone(), Handle::current());
    let longest = stop::longest(budget);
    let watch = move || {
        // Needs no thread of the runtime: all of them may be stuck.
        runtime.block_on(stopping.cancelled());
        std::thread::sleep(longest + GRACE);
        log_output::write_final(&format!(
            "parlor: the stop took longer than its {} ms; exiting immediately",
            longest.as_millis()
        ));
        std::process::exit(1);
    };
    let thread = std::thread::Builder::new().name("watchdog".to_owned());
    if let Err(error) = thread.spawn(watch) {
        tracing::warn!(%error, "cannot start the watchdog thread, stopping without it");
    }
}
