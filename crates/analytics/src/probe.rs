//! What the operator sees: `/health/analytics`.

use bus::{Probe, ProbeState};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// The newest figures, and how the counter is. Its writer is the counter.
#[derive(Default)]
pub(crate) struct Board(Mutex<Face>);

#[derive(Default)]
struct Face {
    figures: Value,
    trouble: Option<String>,
}

impl Board {
    pub(crate) fn show(&self, figures: Value) {
        self.locked().figures = figures;
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

    fn locked(&self) -> std::sync::MutexGuard<'_, Face> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct AnalyticsProbe(pub(crate) Arc<Board>);

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
        let face = self.0.locked();
        let status = if face.trouble.is_some() {
            "degraded"
        } else {
            "ok"
        };
        json!({ "status": status, "cause": face.trouble, "figures": face.figures }).to_string()
    }
}
