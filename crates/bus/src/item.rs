//! An entry of a subscriber's queue.

use crate::activity::Handling;
use crate::call::AnyCall;
use crate::envelope::Envelope;
use crate::metrics::Moment;
use std::sync::Arc;

/// An event or request waiting for a subscriber. `handler` is an index into the subscriber's
/// wiring.
pub(crate) enum Item {
    Event {
        handler: u32,
        envelope: Arc<Envelope>,
    },
    Request {
        handler: u32,
        call: Box<dyn AnyCall>,
    },
}

impl Item {
    /// Returns the index of its handler.
    pub(crate) fn handler(&self) -> u32 {
        match self {
            Item::Event { handler, .. } | Item::Request { handler, .. } => *handler,
        }
    }

    /// Returns which handler runs when this item is handled.
    pub(crate) fn handling(&self) -> Handling {
        match self {
            Item::Event { handler, .. } => Handling::Event(*handler),
            Item::Request { handler, .. } => Handling::Request(*handler),
        }
    }

    pub(crate) fn at(&self) -> Moment {
        match self {
            Item::Event { envelope, .. } => envelope.at,
            Item::Request { call, .. } => call.at(),
        }
    }
}
