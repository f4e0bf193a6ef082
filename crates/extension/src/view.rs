//! What the operator sees of an extension.

use bus::OperatorActions;
use serde_json::Value;
use std::sync::Arc;

/// What the operator sees of an extension at `/health/NAME`, in `/metrics`, and can do with `POST
/// /NAME/…`.
///
/// The server looks at it when the operator asks, and every few seconds, in a task on the runtime of
/// extensions. While it does not answer, the operator sees what it showed before.
pub trait View: Send + Sync + 'static {
    /// Returns what it knows: part of `/health/NAME`, at most 64 KiB. Never waits.
    fn figures(&self) -> Value {
        Value::Null
    }

    /// Returns why it does not work as it should; `None` if it does. Never waits.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Returns its numbers for `/metrics`, each as `parlor_EXTENSION_{name}`, at most 100. Never waits.
    fn metrics(&self) -> Vec<Metric> {
        Vec::new()
    }

    /// Returns what the operator can have it do, under the extension's name. Called once, at the start.
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
    /// Its name, of `a-z`, `0-9` and `_`, without the prefix and without `_total`.
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
