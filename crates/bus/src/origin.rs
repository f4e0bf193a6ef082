//! Where an event or a request came from: its cause, its trace, and the credits it rides on.

use crate::EventNumber;
use crate::credit::Credits;
use std::future::Future;
use std::sync::Arc;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

/// How many reactions may follow from one another: more is a loop.
pub(crate) const HOPS_MAX: u8 = 16;

/// Sixteen random bytes that follow one command from the frame to the last event it causes;
/// `Display` is 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceId(pub u128);

tokio::task_local! {
    /// Set while a task carries out a read for an asker.
    static READING: TraceId;
}

impl TraceId {
    /// A new random one.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// That of the read which this task carries out for an asker, who hears only that it failed:
    /// whoever knows the cause says it under this trace.
    #[must_use]
    pub fn of_this_read() -> Option<Self> {
        READING.try_with(|trace| *trace).ok()
    }

    /// Carries a read out under this trace.
    pub(crate) async fn reading<F: Future>(self, read: F) -> F::Output {
        READING.scope(self, read).await
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Cloned freely; the credits go home when the last clone of all that rides on them is dropped.
#[derive(Clone)]
pub struct Origin {
    cause: EventNumber,
    trace: TraceId,
    hops: u8,
    credits: Credits,
    /// The span that it entered under, where someone looks at spans.
    span: Option<Arc<Span>>,
}

impl Origin {
    /// One origin for what is done on behalf of several: all credits, the first one's cause and
    /// trace. It is as far from the outside as the nearest of them: a stream in which each turn
    /// holds something new is no circle, however long it lasts. `None` of nothing.
    #[must_use]
    pub fn merged<'a>(origins: impl IntoIterator<Item = &'a Origin>) -> Option<Origin> {
        Self::merged_of(origins.into_iter().cloned())
    }

    /// [`Origin::merged`] of origins made for it.
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

    /// For work from outside that states nothing: on no credits, so however long it takes it holds
    /// up nobody. Whatever is stated from it all the same is bounded by nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self::creditless()
    }

    /// The trace of the first cause.
    #[must_use]
    pub fn trace(&self) -> TraceId {
        self.trace
    }

    /// The span of whoever let it in, for the spans of what is done because of it; `None` where
    /// nobody looks.
    #[must_use]
    pub fn span(&self) -> Option<tracing::Id> {
        self.span.as_ref().and_then(|span| span.id())
    }

    /// The event that caused this; 0 when it came from outside.
    #[must_use]
    pub fn cause(&self) -> EventNumber {
        self.cause
    }

    /// Of something that enters now, on these credits, under the span that is current here.
    pub(crate) fn outside(trace: TraceId, credits: Credits) -> Self {
        Self {
            cause: 0,
            trace,
            hops: 0,
            credits,
            span: current_span(),
        }
    }

    /// Of something that enters now and holds up nobody.
    pub(crate) fn creditless() -> Self {
        Self::outside(TraceId::random(), Credits::none())
    }

    /// Of what is done in reaction to event `number`, itself published from here.
    pub(crate) fn reaction_to(&self, number: EventNumber) -> Self {
        Self {
            cause: number,
            hops: self.hops.saturating_add(1),
            ..self.clone()
        }
    }

    /// The same without the credits: for whoever must stall nobody.
    pub(crate) fn without_credits(&self) -> Self {
        self.on_credits(Credits::none())
    }

    /// The same on other credits.
    pub(crate) fn on_credits(&self, credits: Credits) -> Self {
        Self {
            cause: self.cause,
            trace: self.trace,
            hops: self.hops,
            credits,
            span: self.span.clone(),
        }
    }

    /// True when reactions have followed from one another for so long that it must be a loop.
    pub(crate) fn goes_in_circles(&self) -> bool {
        self.hops > HOPS_MAX
    }
}

/// Asking for it costs more than an event: only where someone looks.
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
        assert!(of([&old, &old]).is_some_and(|origin| origin.goes_in_circles()));
        assert!(of([&old, &new]).is_some_and(|origin| !origin.goes_in_circles()));
    }
}
