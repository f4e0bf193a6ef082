//! Counts and logs HTTP requests refused before authentication.
//!
//! Anyone can send these at line rate, so the log shows the first of each period and the number of the
//! others.

use bus::{RepeatedLine, RepeatedLines};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// At most one log line of a kind per this time.
pub(crate) const EVERY: Duration = Duration::from_secs(10);
/// Clients choose these values freely, so all values share one line.
const CAUSES_MAX: usize = 0;

/// The refused requests of the whole process.
#[derive(Debug)]
pub(crate) struct Rejections {
    origins: RepeatedLines<()>,
    hosts: RepeatedLines<&'static str>,
    /// Counted since the start, as are the next two.
    origins_refused: AtomicU64,
    hosts_refused: AtomicU64,
    networks_refused: AtomicU64,
}

impl Default for Rejections {
    fn default() -> Self {
        Self {
            origins: RepeatedLines::new(EVERY, CAUSES_MAX),
            hosts: RepeatedLines::new(EVERY, CAUSES_MAX),
            origins_refused: AtomicU64::new(0),
            hosts_refused: AtomicU64::new(0),
            networks_refused: AtomicU64::new(0),
        }
    }
}

impl Rejections {
    /// Records a refused page of this origin, which must be sanitized.
    pub(crate) fn foreign_origin(&self, origin: &str) {
        self.origins_refused.fetch_add(1, Ordering::Relaxed);
        self.origins.note(origin, ()).iter().for_each(log_origin);
    }

    /// Records a refused request for this host, which must be sanitized; `setting` could allow it.
    pub(crate) fn foreign_host(&self, host: &str, setting: &'static str) {
        self.hosts_refused.fetch_add(1, Ordering::Relaxed);
        self.hosts.note(host, setting).iter().for_each(log_host);
    }

    /// Counts a request of a network that has exceeded its rate; it is not logged.
    pub(crate) fn busy_network(&self) {
        self.networks_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of refused requests since the start, by reason.
    pub(crate) fn refused(&self) -> [(&'static str, u64); 3] {
        [
            ("foreign_origin", &self.origins_refused),
            ("foreign_host", &self.hosts_refused),
            ("network_rate", &self.networks_refused),
        ]
        .map(|(why, count)| (why, count.load(Ordering::Relaxed)))
    }

    /// Logs refusals that were counted at least `age` ago and not logged yet.
    pub(crate) fn log_pending(&self, age: Duration) {
        self.origins.rest(age).iter().for_each(log_origin);
        self.hosts.rest(age).iter().for_each(log_host);
    }
}

fn log_origin(line: &RepeatedLine<()>) {
    tracing::warn!(
        origin = %line.cause,
        requests = line.count,
        setting = "allowed_origins",
        "refused a request from a foreign origin; add it to allowed_origins to allow it"
    );
}

fn log_host(line: &RepeatedLine<&'static str>) {
    let setting = line.detail;
    tracing::warn!(
        host = %line.cause,
        requests = line.count,
        setting,
        "refused a request for a foreign host; add it to {setting} to allow it"
    );
}
