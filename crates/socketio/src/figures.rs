//! What the operator sees.

use extension::{Metric, MetricValue, View};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts sessions and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Open Engine.IO sessions.
    pub(crate) sessions: AtomicU64,
    /// Those of them that are authenticated.
    pub(crate) connected: AtomicU64,
    /// Sessions that were ever opened.
    pub(crate) handshakes: AtomicU64,
    /// Connections that were recovered without a loss.
    pub(crate) recovered: AtomicU64,
    /// Handshakes that were turned away because there were too many sessions.
    pub(crate) rejected: AtomicU64,
    /// Sessions that were closed because of what the client sent.
    pub(crate) malformed: AtomicU64,
}

/// Adds one to a gauge until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(std::sync::Arc<Figures>, fn(&Figures) -> &AtomicU64);

impl Counted {
    pub(crate) fn new(figures: &std::sync::Arc<Figures>, of: fn(&Figures) -> &AtomicU64) -> Self {
        of(figures).fetch_add(1, Relaxed);
        Self(std::sync::Arc::clone(figures), of)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1(&self.0).fetch_sub(1, Relaxed);
    }
}

impl View for Figures {
    fn figures(&self) -> Value {
        json!({
            "sessions": self.sessions.load(Relaxed),
            "connected": self.connected.load(Relaxed),
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a server has fewer than 2^52 sessions"
    )]
    fn metrics(&self) -> Vec<Metric> {
        let gauge = |of: &AtomicU64| MetricValue::Gauge(of.load(Relaxed) as f64);
        let counter = |of: &AtomicU64| MetricValue::Counter(of.load(Relaxed));
        let rows = [
            ("sessions", "Open Engine.IO sessions", gauge(&self.sessions)),
            (
                "connected",
                "Authenticated Socket.IO clients",
                gauge(&self.connected),
            ),
            (
                "handshakes",
                "Engine.IO sessions that were opened",
                counter(&self.handshakes),
            ),
            (
                "recovered",
                "Connections that were recovered without a loss",
                counter(&self.recovered),
            ),
            (
                "rejected",
                "Handshakes turned away because there were too many sessions",
                counter(&self.rejected),
            ),
            (
                "malformed",
                "Sessions closed because of what the client sent",
                counter(&self.malformed),
            ),
        ];
        let rows = rows.into_iter();
        rows.map(|(name, about, value)| Metric { name, about, value })
            .collect()
    }
}
