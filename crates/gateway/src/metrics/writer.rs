//! Metrics that others keep, written at each scrape.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use std::fmt;

/// A source of metrics, read at each scrape. Must not block.
pub trait MetricsSource: Send + Sync + 'static {
    /// Writes the current values.
    ///
    /// # Errors
    /// If the writer fails.
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result;
}

/// Writes metrics. Give names without the leading `parlor_`, and those of counters without the trailing
/// `_total`. No label may hold any text of a user.
pub struct MetricsWriter<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl MetricsWriter<'_> {
    /// Writes a counter.
    ///
    /// # Errors
    /// If the writer fails.
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

    /// Writes a counter per label set.
    ///
    /// # Errors
    /// If the writer fails.
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

    /// Writes a gauge.
    ///
    /// # Errors
    /// If the writer fails.
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

    /// Writes a gauge per label set.
    ///
    /// # Errors
    /// If the writer fails.
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

    /// Writes a histogram per label set, each given as the sum of its values and its buckets.
    ///
    /// # Errors
    /// If the writer fails.
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

/// Upper bound, and the number of values above the previous bound up to this one. The last bound is
/// [`f64::MAX`].
pub type HistogramBucket = (f64, u64);

/// Adapts a [`MetricsSource`] to the metrics library.
pub(super) struct SourceCollector(pub(super) Box<dyn MetricsSource>);

impl fmt::Debug for SourceCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceCollector")
    }
}

impl Collector for SourceCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.write(&mut MetricsWriter { encoder })
    }
}
