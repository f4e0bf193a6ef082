//! What the log says of callers who were told to come again: with the cause, and few lines however
//! many callers there are.

use bus::TraceId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Each cause is said at once, and then so often at most.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// Most causes that are told apart; further ones share lines, each with one of them.
const CAUSES_MAX: usize = 8;

/// Where further causes are counted.
const FURTHER: &str = "";

/// Of one database.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<String, Refused>>);

/// Callers who were told the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    database: String,
    cause: String,
    /// Since the last line.
    callers: u64,
    /// One of theirs.
    trace: Option<TraceId>,
    said: Instant,
}

impl Refusals {
    /// One more caller was told this. Logs it unless that was done a moment ago.
    pub(crate) fn note(&self, database: &str, cause: &str, trace: Option<TraceId>) {
        if let Some(line) = self.line(database, cause, trace) {
            line.log();
        }
    }

    /// Logs what no later caller has brought into the log, if that is so old.
    pub(crate) fn say_the_rest(&self, age: Duration) {
        self.rest(age).iter().for_each(Refused::log);
    }

    fn line(&self, database: &str, cause: &str, trace: Option<TraceId>) -> Option<Refused> {
        let now = Instant::now();
        let mut all = self.all();
        let key = if all.contains_key(cause) || all.len() < CAUSES_MAX {
            cause
        } else {
            FURTHER
        };
        let Some(refused) = all.get_mut(key) else {
            let first = Refused {
                database: database.to_owned(),
                cause: cause.to_owned(),
                callers: 1,
                trace,
                said: now,
            };
            all.insert(
                key.to_owned(),
                Refused {
                    callers: 0,
                    ..first.again()
                },
            );
            return Some(first);
        };
        refused.callers += 1;
        cause.clone_into(&mut refused.cause);
        refused.trace = trace.or(refused.trace);
        (now - refused.said >= EVERY).then(|| refused.take(now))
    }

    fn rest(&self, age: Duration) -> Vec<Refused> {
        let now = Instant::now();
        let mut all = self.all();
        all.retain(|_, refused| refused.callers > 0 || now - refused.said < EVERY);
        let due = all
            .values_mut()
            .filter(|refused| refused.callers > 0 && now - refused.said >= age);
        due.map(|refused| refused.take(now)).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Refused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    /// The same, counted anew from now on.
    fn take(&mut self, now: Instant) -> Self {
        let line = self.again();
        self.callers = 0;
        self.said = now;
        line
    }

    fn again(&self) -> Self {
        Self {
            database: self.database.clone(),
            cause: self.cause.clone(),
            ..*self
        }
    }

    fn log(&self) {
        let Self {
            database,
            cause,
            callers,
            ..
        } = self;
        let trace = self.trace.map(tracing::field::display);
        tracing::warn!(%database, %cause, callers, trace, "callers were told to come again");
    }
}

#[cfg(test)]
mod tests {
    use super::{CAUSES_MAX, EVERY, Refusals};
    use bus::TraceId;
    use tokio::time::advance;

    const ONE: Option<TraceId> = Some(TraceId(1));

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_one_line_a_second_that_counts_everybody_once() {
        let refusals = Refusals::default();
        let mut lines = Vec::new();
        for number in 0..10_000_u128 {
            advance(EVERY / 4_000).await;
            lines.extend(refusals.line("core", "full", Some(TraceId(number))));
        }
        advance(EVERY).await;
        lines.extend(refusals.rest(EVERY));
        let said: Vec<u64> = lines.iter().map(|line| line.callers).collect();
        assert_eq!(said, [1, 4_000, 4_000, 1_999]);
        assert_eq!(
            lines[3].trace,
            Some(TraceId(9_999)),
            "one of those who are meant"
        );
        assert!(refusals.rest(EVERY).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn another_cause_is_said_at_once_but_not_any_number_of_them() {
        let refusals = Refusals::default();
        assert!(refusals.line("core", "full", ONE).is_some());
        let locked = refusals.line("core", "locked", ONE).unwrap();
        assert_eq!((locked.cause.as_str(), locked.callers), ("locked", 1));
        let many = (0..100).filter_map(|number| refusals.line("core", &number.to_string(), ONE));
        assert_eq!(many.count(), CAUSES_MAX - 2 + 1);
        advance(EVERY).await;
        let further = refusals.line("core", "one more", ONE).unwrap();
        assert_eq!((further.cause.as_str(), further.callers), ("one more", 94));
        advance(EVERY).await;
        refusals.rest(EVERY);
        assert!(refusals.all().is_empty(), "what is over is forgotten");
    }
}
