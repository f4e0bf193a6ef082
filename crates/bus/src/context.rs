//! What a handler uses besides its state.

use crate::envelope::{Envelope, Outgoing};
use crate::{Event, EventNumber, Origin};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// Lets a handler publish events and tells it where the handled item came from.
pub struct Context {
    /// The start of the bus, from which the moments of its envelopes are counted.
    start: Instant,
    /// Everything handled since the last turn ended; the last element is being handled now. Holds
    /// the credits of the turn.
    causes: Vec<Cause>,
    /// True while `turn_ended` runs on behalf of all causes.
    ending: bool,
    /// Created on first use: most handlers publish nothing.
    origin: OnceLock<Origin>,
    emitted: Vec<Outgoing>,
}

/// An item that was handed to a subscriber.
pub(crate) enum Cause {
    Event(Arc<Envelope>),
    /// Boxed, since most causes are events, which are small.
    Other(Box<Other>),
}

/// A request, or a report of missed events.
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

    /// Returns when the event being handled was published; `None` if it is not an event.
    #[must_use]
    pub fn stated_at(&self) -> Option<Instant> {
        match self.causes.last() {
            Some(Cause::Event(envelope)) if !self.ending => Some(envelope.at.instant(self.start)),
            _ => None,
        }
    }

    /// Publishes an event in reaction, once the handler has returned and neither failed nor panicked.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.emitted.push(Outgoing::new(event));
    }

    /// Returns the origin of the item being handled. Jobs handed to storage carry it on.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.origin.get_or_init(|| match self.causes.last() {
            Some(cause) if !self.ending => cause.origin(),
            _ => Origin::merged_of(self.causes.iter().map(Cause::origin))
                .expect("only a turn with causes is ended"),
        })
    }

    /// Starts handling `cause`.
    pub(crate) fn begin(&mut self, cause: Cause) {
        self.forget_origin();
        self.causes.push(cause);
    }

    /// Whether anything has been handled since the last turn ended.
    pub(crate) fn has_causes(&self) -> bool {
        !self.causes.is_empty()
    }

    /// Starts `turn_ended`: from now on the origin is that of the whole turn.
    pub(crate) fn begin_ending(&mut self) {
        self.forget_origin();
        self.ending = true;
    }

    /// Drops the causes of the turn, and with them its credits.
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

    /// Returns the name of the item being handled and, for an event, its number. For the log.
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
