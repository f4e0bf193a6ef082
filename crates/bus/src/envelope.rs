//! An event on the bus: a payload, which handlers may keep, in an envelope with credits, which they
//! may not.

use crate::metrics::Moment;
use crate::{Event, EventNumber, Origin};
use std::any::{Any, TypeId};
use std::sync::Arc;

/// A type-erased event. Its handlers know the type.
pub(crate) type Payload = Arc<dyn Any + Send + Sync>;

/// An event that has not been published yet.
pub(crate) struct Outgoing {
    pub(crate) type_id: TypeId,
    pub(crate) name: &'static str,
    pub(crate) payload: Payload,
}

impl Outgoing {
    pub(crate) fn new<E: Event>(event: E) -> Self {
        Self {
            type_id: TypeId::of::<E>(),
            name: E::NAME,
            payload: Arc::new(event),
        }
    }
}

/// A published event, shared by all queues that hold it.
pub(crate) struct Envelope {
    /// Assigned by the log.
    pub(crate) number: EventNumber,
    pub(crate) name: &'static str,
    pub(crate) payload: Payload,
    pub(crate) origin: Origin,
    pub(crate) at: Moment,
}
