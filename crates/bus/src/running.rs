//! A running bus, and how it stops.

use crate::overrun_watch::OverrunWatching;
use crate::shared::Shared;
use crate::{Bus, Catalogue, Task};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long cancelled subscribers may take to end; a part of the time for the stop.
const CANCELLED_WITHIN: Duration = Duration::from_millis(200);

/// A running bus. Stop it with [`Running::stop`].
pub struct Running {
    shared: Arc<Shared>,
    bus: Bus,
    catalogue: Catalogue,
    tasks: Vec<Task>,
    _watch: OverrunWatching,
}

impl Running {
    pub(crate) fn new(
        shared: Arc<Shared>,
        catalogue: Catalogue,
        tasks: Vec<Task>,
        watch: OverrunWatching,
    ) -> Self {
        Self {
            bus: Bus::new(Arc::clone(&shared), shared.open_entrance()),
            shared,
            catalogue,
            tasks,
            _watch: watch,
        }
    }

    /// Returns the handle through which other crates use the bus.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Returns every event and request of this bus.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Stops every subscriber once it has handled what is queued. Shortly before `within` is over,
    /// cancels the subscribers that have not ended and drops their items. Returns the number of those
    /// subscribers. Does not wait for a plain handler that never returns.
    pub async fn stop(mut self, within: Duration) -> usize {
        self.shared.drain();
        self.shared.close();
        let all_ended = async {
            for task in &mut self.tasks {
                task.wait().await;
            }
        };
        // Those that have not ended are cancelled below.
        let _ = timeout(within.saturating_sub(CANCELLED_WITHIN), all_ended).await;
        let running = self.tasks.iter().filter(|task| !task.has_ended());
        let running: Vec<_> = running.map(Task::owner).collect();
        let cancelled = running.len();
        if cancelled > 0 {
            let subscribers = running.join(", ");
            tracing::warn!(
                subscribers,
                "cancelled subscribers that had not ended in time"
            );
        }
        // All before waiting for any: one that is stuck must not keep the others running.
        self.tasks.iter().for_each(Task::cancel);
        let all_cancelled = async {
            for task in &mut self.tasks {
                task.wait().await;
            }
        };
        // A stuck handler ends with the process.
        let _ = timeout(CANCELLED_WITHIN, all_cancelled).await;
        self.shared.clear();
        cancelled
    }
}
