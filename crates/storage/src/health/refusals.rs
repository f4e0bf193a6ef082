//! What the log says of callers who were told to come again: with the cause, and few lines however
//! many callers there are.

use bus::{RepeatedLine, RepeatedLines, TraceId};
use std::time::Duration;

/// Each cause is said at once, and then so often at most.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// Most causes that are told apart; further ones share lines, each with one of them.
const CAUSES_MAX: usize = 8;

/// Of one database.
pub(crate) struct Refusals(RepeatedLines<Refused>);

/// The latest caller who was told so.
#[derive(Clone)]
struct Refused {
    database: String,
    trace: Option<TraceId>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self(RepeatedLines::new(EVERY, CAUSES_MAX))
    }
}

impl Refusals {
    /// One more caller was told this. Logs it unless that was done a moment ago.
    pub(crate) fn note(&self, database: &str, cause: &str, trace: Option<TraceId>) {
        let database = database.to_owned();
        let line = self.0.note(cause, Refused { database, trace });
        line.iter().for_each(log);
    }

    /// Logs what no later caller has brought into the log, if that is so old.
    pub(crate) fn log_the_rest(&self, age: Duration) {
        self.0.rest(age).iter().for_each(log);
    }
}

fn log(line: &RepeatedLine<Refused>) {
    let RepeatedLine {
        cause,
        count: callers,
        detail: Refused { database, trace },
    } = line;
    let trace = trace.map(tracing::field::display);
    tracing::warn!(%database, %cause, callers, trace, "callers were told to come again");
}
