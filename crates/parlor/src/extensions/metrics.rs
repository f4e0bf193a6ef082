//! The numbers of extensions on the page of metrics.

use bus::Tasks;
use extension::{Installed, Metric, MetricValue};
use gateway::{MetricsSource, MetricsWriter};
use std::collections::BTreeMap;
use std::fmt;

/// The metrics of one extension, each as `parlor_EXTENSION_{name}`.
pub(super) struct ExtensionMetrics {
    extension: &'static str,
    read: Box<dyn Fn() -> Vec<Metric> + Send + Sync>,
}

impl ExtensionMetrics {
    pub(super) fn of(installed: &Installed) -> Self {
        Self {
            extension: installed.name,
            read: Box::new(installed.metrics()),
        }
    }
}

impl MetricsSource for ExtensionMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        for Metric { name, about, value } in (self.read)() {
            let name = format!("{}_{name}", self.extension);
            match value {
                MetricValue::Counter(count) => writer.counter(&name, about, count)?,
                MetricValue::Gauge(value) => writer.gauge(&name, about, value)?,
            }
        }
        Ok(())
    }
}

/// How much processor time each extension takes.
pub(super) struct BusyMetrics(pub(super) Tasks);

impl MetricsSource for BusyMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let mut spent = BTreeMap::<&'static str, f64>::new();
        for (owner, time) in self.0.busy() {
            *spent.entry(extension_of(owner)).or_default() += time.as_secs_f64();
        }
        writer.counters(
            "extension_busy_seconds",
            "Time that an extension held a thread, by extension",
            spent
                .into_iter()
                .map(|(name, time)| ([("extension", name)], time)),
        )
    }
}

/// Returns the extension that owns a task: a subscriber's task has its own name, which begins with the
/// extension's.
pub(super) fn extension_of(owner: &'static str) -> &'static str {
    owner.split('.').next().unwrap_or(owner)
}
