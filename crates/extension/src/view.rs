//! What the operator sees of an extension.

use crate::follower::FollowerStatus;
use bus::{OperatorActions, Probe, ProbeState};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What the operator sees of an extension at `/health/NAME`, in `/metrics`, and can do with `POST
/// /NAME/…`.
pub trait View: Send + Sync + 'static {
    /// Returns what it knows: part of `/health/NAME`. Never waits.
    fn figures(&self) -> Value {
        Value::Null
    }

    /// Returns why it does not work as it should; `None` if it does. Never waits.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Returns its numbers for `/metrics`, each as `parlor_EXTENSION_{name}`. Never waits.
    fn metrics(&self) -> Vec<Metric> {
        Vec::new()
    }

    /// Returns what the operator can have it do.
    fn actions(&self) -> Option<Arc<dyn OperatorActions>> {
        None
    }
}

/// What a view shares with other parts of its extension is in an `Arc`.
impl<V: View> View for Arc<V> {
    fn figures(&self) -> Value {
        V::figures(self)
    }

    fn trouble(&self) -> Option<String> {
        V::trouble(self)
    }

    fn metrics(&self) -> Vec<Metric> {
        V::metrics(self)
    }

    fn actions(&self) -> Option<Arc<dyn OperatorActions>> {
        V::actions(self)
    }
}

/// One number in `/metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name, without the prefix and without `_total`.
    pub name: &'static str,
    /// What it says, in a sentence without a full stop.
    pub about: &'static str,
    /// The value at this moment.
    pub value: MetricValue,
}

/// The value of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricValue {
    /// A number that only grows while the process runs.
    Counter(u64),
    /// A number that goes up and down.
    Gauge(f64),
}

/// The probe of an extension: its own view, and how its follower does.
pub(crate) struct ExtensionProbe {
    pub(crate) name: &'static str,
    pub(crate) view: Option<Arc<dyn View>>,
    pub(crate) follower: Option<Arc<FollowerStatus>>,
}

impl ExtensionProbe {
    fn trouble(&self) -> Option<String> {
        let following = self.follower.as_ref();
        let following = following.and_then(|follower| follower.trouble());
        following.or_else(|| self.view.as_ref().and_then(|view| view.trouble()))
    }
}

impl Probe for ExtensionProbe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn critical(&self) -> bool {
        false
    }

    fn state(&self) -> ProbeState {
        match self.trouble() {
            None => ProbeState::Ok,
            Some(_) => ProbeState::Degraded,
        }
    }

    fn json(&self) -> String {
        let cause = self.trouble();
        let status = if cause.is_some() { "degraded" } else { "ok" };
        let mut page = Map::new();
        page.insert("status".to_owned(), json!(status));
        page.insert("cause".to_owned(), json!(cause));
        if let Some(follower) = &self.follower {
            page.insert("follower".to_owned(), follower.json());
        }
        if let Some(view) = &self.view {
            page.insert("figures".to_owned(), view.figures());
        }
        Value::Object(page).to_string()
    }
}
