//! The last resort of a stop: a thread of its own, which no stuck runtime can hold up.

use std::time::Duration;

/// What the budget may be overrun by: joining, logging.
const GRACE: Duration = Duration::from_secs(1);

/// Ends the process when it is still there after the budget.
pub(crate) fn start(budget: Duration) {
    let watch = move || {
        std::thread::sleep(budget + GRACE);
        eprintln!(
            "parlor: the stop overran its {} ms; ending at once",
            budget.as_millis()
        );
        std::process::exit(1);
    };
    let thread = std::thread::Builder::new().name("watchdog".to_owned());
    if let Err(error) = thread.spawn(watch) {
        tracing::warn!(%error, "stopping without a watchdog");
    }
}
