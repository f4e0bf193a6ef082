//! The last resort of a stop: a thread of its own, which no stuck runtime can hold up.

use crate::{log_output, stop};
use bus::Tasks;
use std::time::Duration;

/// What the longest stop may be overrun by: joining, logging.
const GRACE: Duration = Duration::from_secs(1);

/// Waits for the stop, whatever causes it and whenever it comes; then ends the process when it is
/// still there after the budget.
pub(crate) fn follow(tasks: &Tasks, budget: Duration) {
    let stopping = tasks.stopping().clone();
    tasks.once("parlor", "watchdog", async move {
        stopping.cancelled().await;
        start(stop::longest(budget));
    });
}

fn start(longest: Duration) {
    let watch = move || {
        std::thread::sleep(longest + GRACE);
        log_output::write_final(&format!(
            "parlor: the stop overran its {} ms; ending at once",
            longest.as_millis()
        ));
        std::process::exit(1);
    };
    let thread = std::thread::Builder::new().name("watchdog".to_owned());
    if let Err(error) = thread.spawn(watch) {
        tracing::warn!(%error, "stopping without a watchdog");
    }
}
