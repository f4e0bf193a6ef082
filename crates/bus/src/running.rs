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
    /// ended by then are cut off, and what they had not handled is dropped. Returns how many.
    pub async fn stop(mut self, within: Duration) -> usize {
        self.hub.drain();
        self.hub.close();
        let all_ended = async {
            for task in &mut self.tasks {
                task.wait().await;
            }
        };
        // Those that have not are cut off below.
        let _ = timeout(within, all_ended).await;
        let running = self.tasks.iter().filter(|task| !task.has_ended());
        let cut = running.count();
        for task in &mut self.tasks {
            task.cancel();
            task.wait().await;
        }
        self.hub.clear();
        cut
    }
}
