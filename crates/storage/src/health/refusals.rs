//! Logging callers that were refused: with the cause, and in few lines however many callers there
//! are.

use bus::{RepeatedLine, RepeatedLines, TraceId};
use std::time::Duration;

/// Each cause is logged at once, and then at most this often.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// Most causes that are counted apart; further ones share lines, each with one of them.
const CAUSES_MAX: usize = 8;

/// The refusals of one database.
pub(crate) struct Refusals(RepeatedLines<RefusedCaller>);

/// The latest caller that was refused for a cause.
#[derive(Clone)]
struct RefusedCaller {
    database: String,
    trace: Option<TraceId>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self(RepeatedLines::new(EVERY, CAUSES_MAX))
    }
}

impl Refusals {
    /// Notes a refused caller. Logs it unless the same cause was logged a moment ago.
    pub(crate) fn note(&self, database: &str, cause: &str, trace: Option<TraceId>) {
        let database = database.to_owned();
        let line = self.0.note(cause, RefusedCaller { database, trace });
        line.iter().for_each(log);
    }

    /// Logs what was noted this long ago and not logged since.
    pub(crate) fn log_the_rest(&self, age: Duration) {
        self.0.rest(age).iter().for_each(log);
    }
}

fn log(line: &RepeatedLine<RefusedCaller>) {
    let RepeatedLine {
        cause,
        count: callers,
        detail: RefusedCaller { database, trace },
    } = line;
    let trace = trace.map(tracing::field::display);
    tracing::warn!(%database, %cause, callers, trace, "refused callers: retry later");
}
