//! The metrics page: all metrics as one text.

use super::Metrics;
use super::bus::BusSource;
use super::tasks::TaskSource;
use super::writer::{MetricsSource, SourceCollector};
use bus::{Bus, Tasks};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::fmt;

/// The content type of the page.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of the whole process, encoded at each scrape.
pub struct MetricsPage {
    registry: Registry,
}

impl MetricsPage {
    /// Returns a page without any metrics, for a process that does not serve yet.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            registry: Registry::with_prefix("parlor"),
        }
    }

    pub(crate) fn new(metrics: &Metrics, bus: &Bus, tasks: &Tasks) -> Self {
        let mut page = Self::empty();
        metrics.register(&mut page.registry);
        page.add(BusSource(bus.clone()));
        page.add(TaskSource(tasks.clone()));
        page
    }

    /// Adds a source.
    pub fn add(&mut self, metrics: impl MetricsSource) {
        self.registry
            .register_collector(Box::new(SourceCollector(Box::new(metrics))));
    }

    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for MetricsPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsPage")
    }
}
