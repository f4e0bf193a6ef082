//! The numbers of extensions on the page of metrics.

use extension::{Installed, Metric, MetricValue};
use gateway::{MetricsSource, MetricsWriter};
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
