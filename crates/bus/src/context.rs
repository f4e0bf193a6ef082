//! What a handler may do besides changing its state.

use crate::envelope::Outgoing;
use crate::{Event, Origin};

/// What a handler may do besides changing its state.
pub struct Context {
    origin: Origin,
    emitted: Vec<Outgoing>,
}

impl Context {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            emitted: Vec::new(),
        }
    }

    /// States a fact in reaction: on the bus when the handler has ended well, not before.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.emitted.push(Outgoing::new(event));
    }

    /// Where the thing being handled came from; jobs handed to storage ride on it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn into_parts(self) -> (Origin, Vec<Outgoing>) {
        (self.origin, self.emitted)
    }
}
