//! An entry of a subscriber's queue.

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
    pub(crate) fn at(&self) -> Moment {
        match self {
            Item::Event { envelope, .. } => envelope.at,
            Item::Request { call, .. } => call.at(),
        }
    }
}
