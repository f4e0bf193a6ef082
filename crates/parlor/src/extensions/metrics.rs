//! The numbers of extensions on the page of metrics.

use bus::Tasks;
use extension::{Installed, Metric, MetricValue};
use gateway::{MetricsSource, MetricsWriter};
use std::fmt;
use std::time::Duration;

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

/// How long each extension held a thread, from its tasks.
pub(super) struct BusyMetrics(pub(super) Vec<(&'static str, Tasks)>);

impl MetricsSource for BusyMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let busy = self.0.iter().map(|(name, tasks)| {
            let busy: Duration = tasks.busy().into_values().sum();
            ([("extension", *name)], busy.as_secs_f64())
        });
        writer.counters(
            "extension_busy_seconds",
            "Time that an extension held a thread, by extension",
            busy,
        )
    }
}
