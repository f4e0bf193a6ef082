//! An event on its way: the payload that handlers may keep, and the envelope, whose credits they
//! may not.

use crate::metrics::Moment;
use crate::{Event, EventNumber, Origin};
use std::any::{Any, TypeId};
use std::sync::Arc;

/// A payload whose type is known to its handlers.
pub(crate) type Payload = Arc<dyn Any + Send + Sync>;

/// An event not yet published.
pub(crate) struct Outgoing {
    pub(crate) kind: TypeId,
    pub(crate) name: &'static str,
    pub(crate) payload: Payload,
}

impl Outgoing {
    pub(crate) fn new<E: Event>(event: E) -> Self {
        Self {
            kind: TypeId::of::<E>(),
            name: E::NAME,
            payload: Arc::new(event),
        }
    }
}

/// A published event, one for all the queues it stands in.
pub(crate) struct Envelope {
    /// Given by the log.
    pub(crate) number: EventNumber,
    pub(crate) name: &'static str,
    pub(crate) payload: Payload,
    pub(crate) origin: Origin,
    pub(crate) at: Moment,
}
