//! Where an event or a request came from: its cause, its trace and its credits.

use crate::EventNumber;
use crate::credits::Credits;
use std::future::Future;
use std::sync::Arc;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

/// The longest chain of reactions; a longer one is treated as a loop.
pub(crate) const HOPS_MAX: u8 = 16;

/// Sixteen random bytes that identify a command, from its frame to the last event it causes.
/// `Display` writes 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceId(pub u128);

tokio::task_local! {
    /// The trace of the read that this task runs.
    static READING: TraceId;
}

impl TraceId {
    /// Creates a random trace.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// Returns the trace of the read that this task runs. A caller learns only that a read failed;
    /// log the cause under this trace.
    #[must_use]
    pub fn of_this_read() -> Option<Self> {
        READING.try_with(|trace| *trace).ok()
    }

    /// Runs a read under this trace.
    pub(crate) async fn reading<F: Future>(self, read: F) -> F::Output {
        READING.scope(self, read).await
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Where an event or a request came from. Cheap to clone; its credits are returned when the last
/// clone is dropped.
#[derive(Clone)]
pub struct Origin {
    cause: EventNumber,
    trace: TraceId,
    hops: u8,
    credits: Credits,
    /// The span it entered under, if spans are enabled.
    span: Option<Arc<Span>>,
}

impl Origin {
    /// Merges the origins of work done on behalf of several: all credits, the first one's cause and
    /// trace. It counts as many hops as the one with the fewest: a stream in which each turn holds
    /// something new is no loop, however long it lasts. Returns `None` if there are none.
    #[must_use]
    pub fn merged<'a>(origins: impl IntoIterator<Item = &'a Origin>) -> Option<Origin> {
        Self::merged_of(origins.into_iter().cloned())
    }

    /// Like [`Origin::merged`], for owned origins.
    pub(crate) fn merged_of(origins: impl IntoIterator<Item = Origin>) -> Option<Origin> {
        let mut origins = origins.into_iter();
        let first = origins.next()?;
        let Origin {
            cause,
            trace,
            mut hops,
            credits,
            span,
        } = first;
        let others = origins.map(|other| {
            hops = hops.min(other.hops);
            other.credits
        });
        let credits = Credits::merged(std::iter::once(credits).chain(others));
        Some(Origin {
            cause,
            trace,
            hops,
            credits,
            span,
        })
    }

    /// Creates an origin without credits, for work from outside that publishes nothing: it holds up
    /// nobody, however long it takes. Events published from it are not bounded.
    #[must_use]
    pub fn silent() -> Self {
        Self::creditless()
    }

    /// Returns the trace of the first cause.
    #[must_use]
    pub fn trace(&self) -> TraceId {
        self.trace
    }

    /// Returns the span it entered under, as a parent for the spans of its effects; `None` if spans
    /// are disabled.
    #[must_use]
    pub fn span(&self) -> Option<tracing::Id> {
        self.span.as_ref().and_then(|span| span.id())
    }

    /// Returns the number of the event that caused this; 0 if it came from outside.
    #[must_use]
    pub fn cause(&self) -> EventNumber {
        self.cause
    }

    /// Creates the origin of something that enters now, with these credits, under the current span.
    pub(crate) fn outside(trace: TraceId, credits: Credits) -> Self {
        Self {
            cause: 0,
            trace,
            hops: 0,
            credits,
            span: current_span(),
        }
    }

    /// Creates the origin of something that enters now without credits.
    pub(crate) fn creditless() -> Self {
        Self::outside(TraceId::random(), Credits::none())
    }

    /// Returns the origin of reactions to event `number`, itself published from this origin.
    pub(crate) fn reaction_to(&self, number: EventNumber) -> Self {
        Self {
            cause: number,
            hops: self.hops.saturating_add(1),
            ..self.clone()
        }
    }

    /// Returns the same origin without its credits.
    pub(crate) fn without_credits(&self) -> Self {
        self.on_credits(Credits::none())
    }

    /// Returns the same origin with other credits.
    pub(crate) fn on_credits(&self, credits: Credits) -> Self {
        Self {
            cause: self.cause,
            trace: self.trace,
            hops: self.hops,
            credits,
            span: self.span.clone(),
        }
    }

    /// Whether the chain of reactions is longer than [`HOPS_MAX`].
    pub(crate) fn is_loop(&self) -> bool {
        self.hops > HOPS_MAX
    }
}

/// Returns the current span if spans are enabled: asking for it costs more than an event.
fn current_span() -> Option<Arc<Span>> {
    if LevelFilter::current() < Level::DEBUG {
        return None;
    }
    let span = Span::current();
    (!span.is_disabled()).then(|| Arc::new(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nothing_new_has_caused_goes_in_circles() {
        let new = Origin::creditless();
        let old = (1..=16).fold(new.clone(), |origin, number| origin.reaction_to(number));
        let of = |all: [&Origin; 2]| Origin::merged(all).map(|origin| origin.reaction_to(17));
        assert!(of([&old, &old]).is_some_and(|origin| origin.is_loop()));
        assert!(of([&old, &new]).is_some_and(|origin| !origin.is_loop()));
    }
}
