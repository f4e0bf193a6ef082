//! Counts messages per room and hour, active users per day, and how long sends take.
//!
//! An extension with its own database, `analytics`: chat neither waits for it nor notices if either
//! is unavailable. It follows the logs of all rooms, so that each entry counts once. Only how long
//! sends took is not in the logs: what was not heard live is lost.

mod counter;
mod latency;
mod report;
mod store;

use counter::Counter;
use extension::{Extension, migrations};
use report::{Report, Reporter};
use std::sync::Arc;

/// Returns the extension. It is left out unless the operator asks for it.
#[must_use]
pub fn extension() -> Extension {
    let report = Arc::new(Report::default());
    let [counted, written, shown] = [&report, &report, &report].map(Arc::clone);
    Extension::new("analytics")
        .off_by_default()
        .database(migrations!(
            "../../migrations/analytics/sqlite",
            "../../migrations/analytics/postgres"
        ))
        .follows(move |_| Counter::new(counted))
        .runs("report", move |_| Reporter::new(written))
        .shows(move |_| shown)
}

#[cfg(test)]
mod tests {
    use parlor::testing::LawOfSnapshots;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_counted_depends_on_the_logs_alone() {
        // How long sends took is not in the logs.
        let law = LawOfSnapshots::of(super::extension).except(&["latencies"]);
        law.holds().await;
    }
}
