//! What the operator's monitor reads at `/metrics`.
//!
//! Hot paths hold handles of their own ([`Metrics`]) that were resolved once: counting costs a few
//! atomics. What others count anyway is asked of them at each scrape ([`MetricsSource`]). No label ever
//! holds anything that a user has chosen.

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

/// What the gateway itself counts as it happens.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) commands: CommandMetrics,
    pub(crate) fanout: FanoutMetrics,
    pub(crate) sockets: SocketMetrics,
}

impl Metrics {
    fn register(&self, registry: &mut Registry) {
        self.commands.register(registry);
        self.fanout.register(registry);
        self.sockets.register(registry);
    }
}

/// Seconds, from half a millisecond to the longest that a command may take.
fn seconds() -> Histogram {
    Histogram::new([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    ])
}

/// How many at once.
fn counts() -> Histogram {
    Histogram::new([
        1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0,
    ])
}

/// A count as a histogram takes it.
#[expect(
    clippy::cast_precision_loss,
    reason = "buckets end long before a double loses count"
)]
fn count(n: usize) -> f64 {
    n as f64
}
