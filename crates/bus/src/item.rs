//! One thing in a subscriber's queue.

use crate::call::AnyCall;
use crate::envelope::Envelope;
use crate::metrics::Moment;
use std::sync::Arc;

/// One thing that waits for a subscriber; `handler` is its place in the subscriber's wiring.
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
