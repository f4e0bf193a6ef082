//! Rate-limits log lines that callers can cause at will.

use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The key under which causes beyond `causes_max` are counted together.
const FURTHER: &str = "";

/// Decides which log lines are written, so that their number does not grow with that of the
/// callers: the first line of a cause at once, then one per period with a count.
#[derive(Debug)]
pub struct RepeatedLines<T> {
    every: Duration,
    causes_max: usize,
    causes: Mutex<BTreeMap<String, CauseCount<T>>>,
}

/// A line to write now.
#[derive(Debug, PartialEq, Eq)]
pub struct RepeatedLine<T> {
    /// The cause; the latest one if several share the line.
    pub cause: String,
    /// Occurrences since the last line, including this one.
    pub count: u64,
    /// The detail passed with the latest occurrence.
    pub detail: T,
}

#[derive(Debug)]
struct CauseCount<T> {
    cause: String,
    count: u64,
    detail: T,
    written_at: Instant,
}

impl<T: Clone> RepeatedLines<T> {
    /// Allows one line per `every` and cause. Causes beyond the first `causes_max` share a line,
    /// which also bounds memory, as long as each cause is short.
    #[must_use]
    pub fn new(every: Duration, causes_max: usize) -> Self {
        Self {
            every,
            causes_max,
            causes: Mutex::default(),
        }
    }

    /// Counts an occurrence; returns the line to write now, if any.
    pub fn note(&self, cause: &str, detail: T) -> Option<RepeatedLine<T>> {
        let now = Instant::now();
        let mut causes = self.causes();
        let known = causes.contains_key(cause) || causes.len() < self.causes_max;
        let key = if known { cause } else { FURTHER };
        let Some(counted) = causes.get_mut(key) else {
            let mut first = CauseCount {
                cause: cause.to_owned(),
                count: 1,
                detail,
                written_at: now,
            };
            let line = first.take(now);
            causes.insert(key.to_owned(), first);
            return Some(line);
        };
        counted.count += 1;
        cause.clone_into(&mut counted.cause);
        counted.detail = detail;
        (now - counted.written_at >= self.every).then(|| counted.take(now))
    }

    /// Returns lines for occurrences that are counted but not written, where the last line is at
    /// least `age` old. Call it from time to time, and with zero at shutdown.
    pub fn rest(&self, age: Duration) -> Vec<RepeatedLine<T>> {
        let now = Instant::now();
        let mut causes = self.causes();
        causes.retain(|_, counted| counted.count > 0 || now - counted.written_at < self.every);
        let due = causes
            .values_mut()
            .filter(|counted| counted.count > 0 && now - counted.written_at >= age);
        due.map(|counted| counted.take(now)).collect()
    }

    fn causes(&self) -> MutexGuard<'_, BTreeMap<String, CauseCount<T>>> {
        // Counting cannot panic half way, so a poisoned count is still correct.
        self.causes.lock()
    }
}

impl<T: Clone> CauseCount<T> {
    /// Returns the line and resets the count.
    fn take(&mut self, now: Instant) -> RepeatedLine<T> {
        self.written_at = now;
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
    async fn a_flood_is_one_line_per_period_that_counts_each_once() {
        let lines = RepeatedLines::new(EVERY, CAUSES);
        let mut lines_written = Vec::new();
        for number in 0..10_000_u128 {
            advance(EVERY / 4_000).await;
            lines_written.extend(lines.note("full", number));
        }
        advance(EVERY).await;
        lines_written.extend(lines.rest(EVERY));
        let counts: Vec<u64> = lines_written.iter().map(|line| line.count).collect();
        assert_eq!(counts, [1, 4_000, 4_000, 1_999]);
        assert_eq!(lines_written[3].detail, 9_999, "the latest caller's");
        assert!(lines.rest(EVERY).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn another_cause_is_written_at_once_up_to_a_limit() {
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
        assert!(lines.causes().is_empty(), "old causes are forgotten");
    }
}
