//! MetricsSource that someone else keeps, written at each scrape.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use std::fmt;

/// Someone who has metrics to show. Asked at each scrape; never waits.
pub trait MetricsSource: Send + Sync + 'static {
    /// Writes them down.
    ///
    /// # Errors
    /// When the writer cannot be written to.
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result;
}

/// Where metrics are written down. Names are given without the leading `parlor_`, those of counters
/// without the trailing `_total`; no label may hold anything that a user has chosen.
pub struct MetricsWriter<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl MetricsWriter<'_> {
    /// Something that only grows.
    ///
    /// # Errors
    /// When the writer cannot be written to.
    pub fn counter(
        &mut self,
        name: &str,
        help: &str,
        value: impl EncodeCounterValue + Copy,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut line = self.encoder.encode_descriptor(name, help, None, kind)?;
        line.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    /// The same by label.
    ///
    /// # Errors
    /// When the writer cannot be written to.
    pub fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut lines = self.encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in rows {
            let mut line = lines.encode_family(&labels)?;
            line.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    /// Something that goes up and down.
    ///
    /// # Errors
    /// When the writer cannot be written to.
    pub fn gauge(
        &mut self,
        name: &str,
        help: &str,
        value: impl EncodeGaugeValue + Copy,
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut line = self.encoder.encode_descriptor(name, help, None, kind)?;
        line.encode_gauge(&value)
    }

    /// The same by label.
    ///
    /// # Errors
    /// When the writer cannot be written to.
    pub fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut lines = self.encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in rows {
            lines.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// How often something fell where, by label: its sum and its buckets.
    ///
    /// # Errors
    /// When the writer cannot be written to.
    pub fn histograms<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (L, (f64, Vec<HistogramBucket>))>,
    ) -> fmt::Result {
        let kind = MetricType::Histogram;
        let mut lines = self.encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, (sum, buckets)) in rows {
            let count = buckets.iter().map(|(_, count)| count).sum();
            let mut line = lines.encode_family(&labels)?;
            line.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}

/// Upper bound and how many values lay within it and above the one before. The last bound is
/// [`f64::MAX`]: it holds the rest.
pub type HistogramBucket = (f64, u64);

/// [`MetricsSource`] as the library asks for them.
pub(super) struct SourceCollector(pub(super) Box<dyn MetricsSource>);

impl fmt::Debug for SourceCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

impl Collector for SourceCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.write(&mut MetricsWriter { encoder })
    }
}
