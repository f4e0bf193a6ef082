//! Faults that a test injects into an extension.

use bus::{Clock, SystemClock};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::watch;

/// Faults that a test injects; shared by all servers that it starts one after another.
#[derive(Clone)]
pub struct Faults {
    held: watch::Sender<bool>,
    panics: Arc<AtomicBool>,
    ahead_ms: Arc<AtomicI64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            held: watch::Sender::new(false),
            panics: Arc::default(),
            ahead_ms: Arc::default(),
        }
    }
}

impl Faults {
    /// Makes the follower wait, or go on.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// Makes the follower panic the next time that it carries out a page.
    pub fn panic_once(&self) {
        self.panics.store(true, SeqCst);
    }

    /// Sets the extension's clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead_ms.fetch_add(by, SeqCst);
    }

    pub(crate) fn before_a_round(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut held = self.held.subscribe();
        async move {
            // Fails only if the test has ended.
            let _ = held.wait_for(|held| !held).await;
        }
    }

    pub(crate) fn before_a_page(&self) {
        assert!(!self.panics.swap(false, SeqCst), "a test wanted this panic");
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(Ahead {
            ahead_ms: Arc::clone(&self.ahead_ms),
            system: SystemClock::new(),
        })
    }
}

/// The system's clock, set forward.
struct Ahead {
    ahead_ms: Arc<AtomicI64>,
    system: SystemClock,
}

impl Clock for Ahead {
    fn wall_ms(&self) -> i64 {
        self.system.wall_ms() + self.ahead_ms.load(SeqCst)
    }

    fn uptime(&self) -> Duration {
        self.system.uptime()
    }
}
