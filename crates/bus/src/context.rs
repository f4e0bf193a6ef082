//! What a handler may do besides changing its state.

use crate::envelope::{Envelope, Outgoing};
use crate::{Event, EventNumber, Origin};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// What a handler may do besides changing its state.
pub struct Context {
    /// When the bus began: what the moments of its envelopes are counted from.
    start: Instant,
    /// What has been handled since the last turn's end, the last one being handled now. It holds
    /// the credits of the turn.
    causes: Vec<Cause>,
    /// True while the turn is being ended on behalf of all.
    ending: bool,
    /// Made when someone looks at it: most handlers state nothing.
    origin: OnceLock<Origin>,
    emitted: Vec<Outgoing>,
}

/// Something that was handed to a subscriber.
pub(crate) enum Cause {
    Event(Arc<Envelope>),
    /// Boxed, for most causes are events, and small.
    Other(Box<Other>),
}

/// A request, or what was missed.
pub(crate) struct Other {
    name: &'static str,
    origin: Origin,
}

impl Context {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            causes: Vec::new(),
            ending: false,
            origin: OnceLock::new(),
            emitted: Vec::new(),
        }
    }

    /// When the event that is being handled was put on the bus; `None` while something else is.
    #[must_use]
    pub fn stated_at(&self) -> Option<Instant> {
        match self.causes.last() {
            Some(Cause::Event(envelope)) if !self.ending => Some(envelope.at.instant(self.start)),
            _ => None,
        }
    }

    /// States a fact in reaction: on the bus when the handler has ended well, not before.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.emitted.push(Outgoing::new(event));
    }

    /// Where the thing being handled came from; jobs handed to storage ride on it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.origin.get_or_init(|| match self.causes.last() {
            Some(cause) if !self.ending => cause.origin(),
            _ => Origin::merged_of(self.causes.iter().map(Cause::origin))
                .expect("a turn is ended for something that was handled"),
        })
    }

    /// From now on it is about this.
    pub(crate) fn begin(&mut self, cause: Cause) {
        self.forget_origin();
        self.causes.push(cause);
    }

    /// False when nothing has been handled since the last turn's end.
    pub(crate) fn has_causes(&self) -> bool {
        !self.causes.is_empty()
    }

    /// From now on it is about the whole turn.
    pub(crate) fn begin_ending(&mut self) {
        self.forget_origin();
        self.ending = true;
    }

    /// Forgets the turn, and with it its credits.
    pub(crate) fn clear(&mut self) {
        self.forget_origin();
        self.causes.clear();
        self.emitted.clear();
        self.ending = false;
    }

    fn forget_origin(&mut self) {
        if self.origin.get().is_some() {
            self.origin = OnceLock::new();
        }
    }

    pub(crate) fn has_emitted(&self) -> bool {
        !self.emitted.is_empty()
    }

    pub(crate) fn take_emitted(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.emitted)
    }

    /// What the log calls the thing being handled: its name and, of an event, its number.
    pub(crate) fn what(&self) -> (&'static str, EventNumber) {
        match self.causes.last() {
            _ if self.ending => ("turn_ended", 0),
            Some(Cause::Event(envelope)) => (envelope.name, envelope.number),
            Some(Cause::Other(other)) => (other.name, 0),
            None => ("nothing", 0),
        }
    }
}

impl Cause {
    pub(crate) fn other(name: &'static str, origin: Origin) -> Self {
        Self::Other(Box::new(Other { name, origin }))
    }

    fn origin(&self) -> Origin {
        match self {
            Cause::Event(envelope) => envelope.origin.reaction_to(envelope.number),
            Cause::Other(other) => other.origin.clone(),
        }
    }
}
