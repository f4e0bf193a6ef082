//! The metrics at `/metrics`.
//!
//! Hot paths hold handles ([`Metrics`]) that were resolved once, so that counting costs a few atomics.
//! Values that others keep anyway are read at each scrape ([`MetricsSource`]). No label holds any text
//! of a user.

mod bus;
mod commands;
mod connections;
mod fanout;
mod page;
mod sockets;
mod tasks;
mod writer;

pub(crate) use connections::ConnectionMetrics;
pub(crate) use fanout::FanoutMetrics;
pub(crate) use page::CONTENT_TYPE;
pub use page::MetricsPage;
pub(crate) use sockets::{ClosedBy, RejectReason, ResumeOutcome};
pub use writer::{HistogramBucket, MetricsSource, MetricsWriter};

use commands::CommandMetrics;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sockets::SocketMetrics;

/// The metrics that the gateway updates as things happen.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) commands: CommandMetrics,
    pub(crate) fanout: FanoutMetrics,
    pub(crate) sockets: SocketMetrics,
}

impl Metrics {
    /// `ops` are the names of all commands, in the order of their numbers.
    pub(crate) fn new(ops: impl Iterator<Item = &'static str>) -> Self {
        Self {
            commands: CommandMetrics::new(ops),
            fanout: FanoutMetrics::default(),
            sockets: SocketMetrics::default(),
        }
    }

    fn register(&self, registry: &mut Registry) {
        self.commands.register(registry);
        self.fanout.register(registry);
        self.sockets.register(registry);
    }
}

/// Returns a histogram of seconds, from half a millisecond to a command's time limit.
fn seconds() -> Histogram {
    Histogram::new([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    ])
}

/// Returns a histogram of counts.
fn counts() -> Histogram {
    Histogram::new([
        1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0,
    ])
}

/// Converts a count for a histogram.
#[expect(
    clippy::cast_precision_loss,
    reason = "buckets end long before a double loses count"
)]
fn count(n: usize) -> f64 {
    n as f64
}
