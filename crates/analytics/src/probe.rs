//! What the operator sees: `/health/analytics`.

use bus::{Probe, ProbeState};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// The newest metrics, and how the counter is. Its writer is the counter.
#[derive(Default)]
pub(crate) struct OperatorView(Mutex<View>);

#[derive(Default)]
struct View {
    metrics: Value,
    trouble: Option<String>,
}

impl OperatorView {
    pub(crate) fn show(&self, metrics: Value) {
        self.locked().metrics = metrics;
    }

    pub(crate) fn is_well(&self) {
        if self.locked().trouble.take().is_some() {
            tracing::info!("analytics counts again");
        }
    }

    pub(crate) fn is_ill(&self, error: &anyhow::Error) {
        let was_well = self
            .locked()
            .trouble
            .replace(format!("{error:#}"))
            .is_none();
        if was_well {
            tracing::warn!(error = %format_args!("{error:#}"), "analytics cannot count, tries again");
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, View> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        match self.0.locked().trouble {
            None => ProbeState::Ok,
            Some(_) => ProbeState::Degraded,
        }
    }

    fn json(&self) -> String {
        let view = self.0.locked();
        let status = if view.trouble.is_some() {
            "degraded"
        } else {
            "ok"
        };
        json!({ "status": status, "cause": view.trouble, "figures": view.metrics }).to_string()
    }
}
