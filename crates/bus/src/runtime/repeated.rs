//! Lines of the log that callers can cause at will: said once, then counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Where causes beyond the first few are counted.
const FURTHER: &str = "";

/// Decides which lines are written, so that their number does not grow with the number of callers:
/// the first line of a cause at once, then one per period with the count.
#[derive(Debug)]
pub struct RepeatedLines<T> {
    every: Duration,
    causes_max: usize,
    causes: Mutex<BTreeMap<String, Counted<T>>>,
}

/// One line to write.
#[derive(Debug, PartialEq, Eq)]
pub struct RepeatedLine<T> {
    /// The cause; of causes that share a line, the latest.
    pub cause: String,
    /// How often since the last line, this time included.
    pub count: u64,
    /// What the latest caller added.
    pub detail: T,
}

#[derive(Debug)]
struct Counted<T> {
    cause: String,
    count: u64,
    detail: T,
    said: Instant,
}

impl<T: Clone> RepeatedLines<T> {
    /// At most one line per `every` and cause. Beyond `causes_max` causes, further ones share one
    /// line; so memory is bounded, too, as long as a cause is short.
    #[must_use]
    pub fn new(every: Duration, causes_max: usize) -> Self {
        Self {
            every,
            causes_max,
            causes: Mutex::default(),
        }
    }

    /// Counts one; returns the line to write now, if there is one.
    pub fn note(&self, cause: &str, detail: T) -> Option<RepeatedLine<T>> {
        let now = Instant::now();
        let mut causes = self.causes();
        let known = causes.contains_key(cause) || causes.len() < self.causes_max;
        let key = if known { cause } else { FURTHER };
        let Some(counted) = causes.get_mut(key) else {
            let mut first = Counted {
                cause: cause.to_owned(),
                count: 1,
                detail,
                said: now,
            };
            let line = first.take(now);
            causes.insert(key.to_owned(), first);
            return Some(line);
        };
        counted.count += 1;
        cause.clone_into(&mut counted.cause);
        counted.detail = detail;
        (now - counted.said >= self.every).then(|| counted.take(now))
    }

    /// The lines for what was counted at least `age` ago and no later caller has brought into the
    /// log. To be called from time to time, and with zero at the end.
    pub fn rest(&self, age: Duration) -> Vec<RepeatedLine<T>> {
        let now = Instant::now();
        let mut causes = self.causes();
        causes.retain(|_, counted| counted.count > 0 || now - counted.said < self.every);
        let due = causes
            .values_mut()
            .filter(|counted| counted.count > 0 && now - counted.said >= age);
        due.map(|counted| counted.take(now)).collect()
    }

    fn causes(&self) -> MutexGuard<'_, BTreeMap<String, Counted<T>>> {
        // Counting does not panic half way; a poisoned count is still right.
        self.causes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Counted<T> {
    /// The line of what was counted; begins to count anew.
    fn take(&mut self, now: Instant) -> RepeatedLine<T> {
        self.said = now;
        RepeatedLine {
            cause: self.cause.clone(),
            count: std::mem::take(&mut self.count),
            detail: self.detail.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RepeatedLines;
    use std::time::Duration;
    use tokio::time::advance;

    const EVERY: Duration = Duration::from_secs(1);
    const CAUSES: usize = 8;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_one_line_per_period_that_counts_everybody_once() {
        let lines = RepeatedLines::new(EVERY, CAUSES);
        let mut said = Vec::new();
        for number in 0..10_000_u128 {
            advance(EVERY / 4_000).await;
            said.extend(lines.note("full", number));
        }
        advance(EVERY).await;
        said.extend(lines.rest(EVERY));
        let counts: Vec<u64> = said.iter().map(|line| line.count).collect();
        assert_eq!(counts, [1, 4_000, 4_000, 1_999]);
        assert_eq!(said[3].detail, 9_999, "the latest caller's");
        assert!(lines.rest(EVERY).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn another_cause_is_said_at_once_but_not_any_number_of_them() {
        let lines = RepeatedLines::new(EVERY, CAUSES);
        assert!(lines.note("full", ()).is_some());
        let locked = lines.note("locked", ()).unwrap();
        assert_eq!((locked.cause.as_str(), locked.count), ("locked", 1));
        let many = (0..100).filter_map(|number| lines.note(&number.to_string(), ()));
        assert_eq!(many.count(), CAUSES - 2 + 1);
        advance(EVERY).await;
        let further = lines.note("one more", ()).unwrap();
        assert_eq!((further.cause.as_str(), further.count), ("one more", 94));
        advance(EVERY).await;
        lines.rest(EVERY);
        assert!(lines.causes().is_empty(), "what is over is forgotten");
    }
}
