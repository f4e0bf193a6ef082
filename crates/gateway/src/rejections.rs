//! What the log says of requests that anyone can send as fast as the line takes them: the first of
//! a period with what it named, the others by their number.

use bus::{RepeatedLine, RepeatedLines};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// At most one line of a kind in so long.
pub(crate) const EVERY: Duration = Duration::from_secs(10);
/// Strangers choose what they name: all that they name shares one line.
const CAUSES_MAX: usize = 0;

/// Refused requests, counted.
#[derive(Debug)]
pub(crate) struct Rejections {
    origins: RepeatedLines<()>,
    hosts: RepeatedLines<&'static str>,
    /// Since the start.
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
    /// A page of this origin was refused; `origin` must be fit to be shown.
    pub(crate) fn foreign_origin(&self, origin: &str) {
        self.origins_refused.fetch_add(1, Ordering::Relaxed);
        self.origins.note(origin, ()).iter().for_each(log_origin);
    }

    /// A request for this host was refused, which `setting` would have let in; `host` must be fit to
    /// be shown.
    pub(crate) fn foreign_host(&self, host: &str, setting: &'static str) {
        self.hosts_refused.fetch_add(1, Ordering::Relaxed);
        self.hosts.note(host, setting).iter().for_each(log_host);
    }

    /// A network asked more than it may, which is a figure and no line.
    pub(crate) fn busy_network(&self) {
        self.networks_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were refused since the start, by why.
    pub(crate) fn refused(&self) -> [(&'static str, u64); 3] {
        [
            ("foreign_origin", &self.origins_refused),
            ("foreign_host", &self.hosts_refused),
            ("network_rate", &self.networks_refused),
        ]
        .map(|(why, count)| (why, count.load(Ordering::Relaxed)))
    }

    /// Logs what was counted at least `age` ago and has no line yet.
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
        "refused a page of a foreign origin; name it in allowed_origins to let it in"
    );
}

fn log_host(line: &RepeatedLine<&'static str>) {
    let setting = line.detail;
    tracing::warn!(
        host = %line.cause,
        requests = line.count,
        setting,
        "refused a request for a foreign host; name it in {setting} to answer to it"
    );
}
