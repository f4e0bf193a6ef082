//! A bus under way, and its end.

use crate::hub::Hub;
use crate::{Bus, Task};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A bus under way.
pub struct Running {
    hub: Arc<Hub>,
    bus: Bus,
    tasks: Vec<Task>,
}

impl Running {
    pub(crate) fn new(hub: Arc<Hub>, tasks: Vec<Task>) -> Self {
        Self {
            bus: Bus::new(Arc::clone(&hub)),
            hub,
            tasks,
        }
    }

    /// The handle.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Ends every subscriber after what is already queued, at most `within`; those that have not
    /// ended by then are cut off, and what they had not handled is dropped.
    pub async fn stop(mut self, within: Duration) {
        self.hub.drain();
        self.hub.close();
        let all_ended = async {
            for task in &mut self.tasks {
                task.wait().await;
            }
        };
        if timeout(within, all_ended).await.is_err() {
            tracing::warn!(?within, "subscribers did not finish in time");
        }
        for task in &mut self.tasks {
            task.cancel();
            task.wait().await;
        }
        self.hub.clear();
    }
}
