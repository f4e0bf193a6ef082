//! Limits the log lines of each callsite: a few are written per period, the rest are only counted.
//!
//! An attacker who finds a way to make the server log, perhaps a panic or a fault, must not fill
//! the disk. This limit covers every line at info and above; lines that strangers are known to
//! cause are counted where they occur (`bus::RepeatedLines`). Debug and trace lines are not
//! limited.

use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

/// Lines of one callsite that are written within [`PERIOD`].
const LINES_MAX: u32 = 50;
const PERIOD: Duration = Duration::from_secs(10);

static LIMITER: OnceLock<LogRateLimiter> = OnceLock::new();

/// Filters by level and target, and limits the lines of each callsite.
pub(crate) struct RateLimitFilter(Targets);

impl RateLimitFilter {
    pub(crate) fn new(targets: Targets) -> Self {
        Self(targets)
    }
}

/// Logs how many lines were suppressed, for callsites whose period has ended.
pub(crate) fn report() {
    limiter()
        .take_due(Instant::now())
        .iter()
        .for_each(SuppressedLines::log);
}

/// Logs how many lines were suppressed, for all callsites; for the end of the process.
pub(crate) fn report_all() {
    let end = Instant::now() + PERIOD;
    limiter()
        .take_due(end)
        .iter()
        .for_each(SuppressedLines::log);
}

/// Returns whether suppressed lines may have to be reported soon.
pub(crate) fn has_suppressed() -> bool {
    !limiter().counts().is_empty()
}

fn limiter() -> &'static LogRateLimiter {
    LIMITER.get_or_init(LogRateLimiter::default)
}

/// The callsites of the current period; bounded by the number of log statements in the binary.
#[derive(Default)]
struct LogRateLimiter(Mutex<HashMap<Identifier, CallsiteCount>>);

struct CallsiteCount {
    /// File and line, as tracing names the callsite.
    name: &'static str,
    since: Instant,
    written: u32,
    suppressed: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct SuppressedLines {
    name: &'static str,
    lines: u64,
}

impl LogRateLimiter {
    /// Counts a line and returns whether to write it.
    fn admit(&self, metadata: &Metadata<'static>, now: Instant) -> bool {
        let mut counts = self.counts();
        let count = counts
            .entry(metadata.callsite())
            .or_insert_with(|| CallsiteCount {
                name: metadata.name(),
                since: now,
                written: 0,
                suppressed: 0,
            });
        if now.saturating_duration_since(count.since) >= PERIOD {
            (count.since, count.written) = (now, 0);
        }
        if count.written < LINES_MAX {
            count.written += 1;
            return true;
        }
        count.suppressed += 1;
        false
    }

    /// Removes the callsites whose period has ended and returns those with suppressed lines.
    fn take_due(&self, now: Instant) -> Vec<SuppressedLines> {
        let mut due = Vec::new();
        self.counts().retain(|_, count| {
            if now.saturating_duration_since(count.since) < PERIOD {
                return true;
            }
            if count.suppressed > 0 {
                due.push(SuppressedLines {
                    name: count.name,
                    lines: count.suppressed,
                });
            }
            false
        });
        due
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Identifier, CallsiteCount>> {
        // Counting does not panic half way, so that the counts are right even if poisoned.
        self.0.lock()
    }
}

impl SuppressedLines {
    fn log(&self) {
        let Self { name, lines } = self;
        tracing::warn!(lines, kind = name, "suppressed repeated log lines");
    }
}

impl<S> Filter<S> for RateLimitFilter {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Filter::enabled(&self.0, metadata, context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = <Targets as Filter<S>>::callsite_enabled(&self.0, metadata);
        // For a callsite that is always enabled, a debug build of tracing-subscriber panics when
        // `event_enabled` declines a line: it has not been asked about this event before.
        if interest.is_always() {
            return Interest::sometimes();
        }
        interest
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        *metadata.level() > Level::INFO || limiter().admit(metadata, Instant::now())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        <Targets as Filter<S>>::max_level_hint(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Callsite as _;

    fn metadata() -> &'static Metadata<'static> {
        let callsite = tracing::callsite! {
            name: "a place in the code",
            kind: tracing::metadata::Kind::EVENT,
            fields: message
        };
        callsite.metadata()
    }

    #[test]
    fn lines_beyond_the_first_are_counted_and_told_once() {
        let (repeats, start) = (LogRateLimiter::default(), Instant::now());
        let written = (0..1_050).filter(|_| repeats.admit(metadata(), start));
        assert_eq!(written.count(), 50);
        assert!(
            repeats.take_due(start).is_empty(),
            "the period has not ended"
        );
        let reported = repeats.take_due(start + PERIOD);
        let lines = 1_000;
        let name = "a place in the code";
        assert_eq!(reported, [SuppressedLines { name, lines }]);
        assert!(repeats.take_due(start + PERIOD * 2).is_empty());
        assert!(repeats.counts().is_empty(), "the callsite is forgotten");
    }

    #[test]
    fn a_new_period_writes_again_and_forgets_no_count() {
        let (repeats, start) = (LogRateLimiter::default(), Instant::now());
        for _ in 0..60 {
            repeats.admit(metadata(), start);
        }
        assert!(repeats.admit(metadata(), start + PERIOD));
        let reported = repeats.take_due(start + PERIOD * 2);
        assert_eq!(reported.len(), 1);
        assert_eq!(reported[0].lines, 10);
    }
}
