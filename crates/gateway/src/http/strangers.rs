//! What the log says of requests that anyone can send as fast as the line takes them: the first of
//! a period with what it named, the others by their number.

use bus::{RepeatedLine, RepeatedLines};
use std::time::Duration;

/// At most one line of a kind in so long.
pub(crate) const EVERY: Duration = Duration::from_secs(10);
/// Strangers choose what they name: all that they name shares one line.
const CAUSES_MAX: usize = 0;

/// Refused pages and names, counted.
#[derive(Debug)]
pub(crate) struct Strangers {
    origins: RepeatedLines<()>,
    hosts: RepeatedLines<&'static str>,
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            origins: RepeatedLines::new(EVERY, CAUSES_MAX),
            hosts: RepeatedLines::new(EVERY, CAUSES_MAX),
        }
    }
}

impl Strangers {
    /// A page of this origin was refused; `origin` must be fit to be shown.
    pub(super) fn foreign_origin(&self, origin: &str) {
        self.origins.note(origin, ()).iter().for_each(log_origin);
    }

    /// A request for this host was refused, which `setting` would have let in; `host` must be fit to
    /// be shown.
    pub(super) fn foreign_host(&self, host: &str, setting: &'static str) {
        self.hosts.note(host, setting).iter().for_each(log_host);
    }

    /// Logs what was counted at least `age` ago and has no line yet.
    pub(crate) fn say_the_rest(&self, age: Duration) {
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
