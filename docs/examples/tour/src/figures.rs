//! What the operator sees: `/health/tour`, and `parlor_tour_online` in `/metrics`.

use parlor::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) online: AtomicU64,
}

impl View for Figures {
    fn figures(&self) -> serde_json::Value {
        serde_json::json!({ "online": self.online.load(Relaxed) })
    }

    fn metrics(&self) -> Vec<Metric> {
        let online = self.online.load(Relaxed);
        let value = MetricValue::Gauge(online as f64);
        vec![Metric { name: "online", about: "People who are online", value }]
    }
}
