//! The operator's view of analytics: `/health/analytics`.

use bus::{Probe, ProbeState};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;

/// The latest metrics, and the counter's error if it is failing. Written by the counter.
#[derive(Default)]
pub(crate) struct OperatorView(Mutex<ViewState>);

#[derive(Default)]
struct ViewState {
    metrics: Value,
    error: Option<String>,
}

impl OperatorView {
    pub(crate) fn set_metrics(&self, metrics: Value) {
        self.locked().metrics = metrics;
    }

    pub(crate) fn clear_error(&self) {
        if self.locked().error.take().is_some() {
            tracing::info!("analytics is counting again");
        }
    }

    pub(crate) fn set_error(&self, error: &anyhow::Error) {
        let is_new = self.locked().error.replace(format!("{error:#}")).is_none();
        if is_new {
            tracing::warn!(error = %format_args!("{error:#}"), "analytics cannot count, will retry");
        }
    }

    fn locked(&self) -> parking_lot::MutexGuard<'_, ViewState> {
        self.0.lock()
    }
}

pub(crate) struct AnalyticsProbe(pub(crate) Arc<OperatorView>);

impl Probe for AnalyticsProbe {
    fn name(&self) -> &'static str {
        "analytics"
    }

    fn critical(&self) -> bool {
        false
    }

    fn state(&self) -> ProbeState {
        match self.0.locked().error {
            None => ProbeState::Ok,
            Some(_) => ProbeState::Degraded,
        }
    }

    fn json(&self) -> String {
        let view = self.0.locked();
        let status = if view.error.is_some() {
            "degraded"
        } else {
            "ok"
        };
        json!({ "status": status, "cause": view.error, "figures": view.metrics }).to_string()
    }
}
