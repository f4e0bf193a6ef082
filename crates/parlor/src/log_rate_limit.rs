//! LogOutput of one kind, as the place in the code that writes them: so many of them at once, then their
//! number.
//!
//! Whatever a stranger finds that makes the server log, a panic or a fault perhaps, must not fill
//! the disk. This stands behind every line; what is known to be caused by strangers is counted where
//! it happens (`bus::RepeatedLines`). LogOutput at level debug and trace are written as they come:
//! whoever asks for them wants all.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

/// LogOutput of one kind that are written within [`PERIOD`].
const AT_ONCE: u32 = 50;
const PERIOD: Duration = Duration::from_secs(10);

static LIMITER: OnceLock<LogRateLimiter> = OnceLock::new();

/// The wanted lines, without what repeats itself too often.
pub(crate) struct RateLimitFilter(Targets);

impl RateLimitFilter {
    pub(crate) fn new(wanted: Targets) -> Self {
        Self(wanted)
    }
}

/// Logs how many lines have been left out of those kinds whose period has ended.
pub(crate) fn report() {
    all().due(Instant::now()).iter().for_each(Suppressed::log);
}

/// The same for all kinds, at the end.
pub(crate) fn report_all() {
    let end = Instant::now() + PERIOD;
    all().due(end).iter().for_each(Suppressed::log);
}

/// Whether there may soon be something to report.
pub(crate) fn has_suppressed() -> bool {
    !all().kinds().is_empty()
}

fn all() -> &'static LogRateLimiter {
    LIMITER.get_or_init(LogRateLimiter::default)
}

/// The kinds of the last period: at most as many as there are places that log.
#[derive(Default)]
struct LogRateLimiter(Mutex<HashMap<Identifier, Kind>>);

struct Kind {
    /// The place in the code, as tracing names it.
    name: &'static str,
    since: Instant,
    written: u32,
    left_out: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Suppressed {
    name: &'static str,
    lines: u64,
}

impl LogRateLimiter {
    /// Whether this line is to be written.
    fn admit(&self, metadata: &Metadata<'static>, now: Instant) -> bool {
        let mut kinds = self.kinds();
        let kind = kinds.entry(metadata.callsite()).or_insert_with(|| Kind {
            name: metadata.name(),
            since: now,
            written: 0,
            left_out: 0,
        });
        if now.saturating_duration_since(kind.since) >= PERIOD {
            (kind.since, kind.written) = (now, 0);
        }
        if kind.written < AT_ONCE {
            kind.written += 1;
            return true;
        }
        kind.left_out += 1;
        false
    }

    /// What is to be told of periods that have ended by now; forgets those.
    fn due(&self, now: Instant) -> Vec<Suppressed> {
        let mut due = Vec::new();
        self.kinds().retain(|_, kind| {
            if now.saturating_duration_since(kind.since) < PERIOD {
                return true;
            }
            if kind.left_out > 0 {
                due.push(Suppressed {
                    name: kind.name,
                    lines: kind.left_out,
                });
            }
            false
        });
        due
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Identifier, Kind>> {
        // Counting does not panic half way; a durability_lost count is still right.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Suppressed {
    fn log(&self) {
        let Self { name, lines } = self;
        tracing::warn!(
            lines,
            kind = name,
            "lines of one kind were left out of the log"
        );
    }
}

impl<S> Filter<S> for RateLimitFilter {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Filter::enabled(&self.0, metadata, context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        <Targets as Filter<S>>::callsite_enabled(&self.0, metadata)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        *metadata.level() > Level::INFO || all().admit(metadata, Instant::now())
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
        assert!(repeats.due(start).is_empty(), "the period goes on");
        let told = repeats.due(start + PERIOD);
        let lines = 1_000;
        let name = "a place in the code";
        assert_eq!(told, [Suppressed { name, lines }]);
        assert!(repeats.due(start + PERIOD * 2).is_empty());
        assert!(repeats.kinds().is_empty(), "nothing is kept of it");
    }

    #[test]
    fn a_new_period_writes_again_and_forgets_no_count() {
        let (repeats, start) = (LogRateLimiter::default(), Instant::now());
        for _ in 0..60 {
            repeats.admit(metadata(), start);
        }
        assert!(repeats.admit(metadata(), start + PERIOD));
        let told = repeats.due(start + PERIOD * 2);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].lines, 10);
    }
}
