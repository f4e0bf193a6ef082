//! Maps types of events and requests to their handlers. Fixed once the bus has started.

use crate::activity::Activity;
use crate::envelope::Envelope;
use crate::item::Item;
use crate::metrics::Counters;
use crate::reader::Reader;
use crate::type_map::TypeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// A handler: the indices of its subscriber and of its entry in the subscriber's wiring.
pub(crate) struct HandlerRef {
    pub(crate) subscriber: usize,
    pub(crate) handler: u32,
}

impl HandlerRef {
    /// Returns a queue item of `envelope` for this handler.
    pub(crate) fn event(&self, envelope: &Arc<Envelope>) -> Item {
        Item::Event {
            handler: self.handler,
            envelope: Arc::clone(envelope),
        }
    }
}

/// The handlers of one type of event.
#[derive(Default)]
pub(crate) struct Route {
    pub(crate) essential: Vec<HandlerRef>,
    pub(crate) isolated: Vec<HandlerRef>,
}

/// The answerer of one type of request.
pub(crate) enum Answerer {
    Ordered(HandlerRef),
    Concurrent(Reader),
}

/// What the bus knows of a subscriber besides its queue.
pub(crate) struct Inbox {
    pub(crate) name: &'static str,
    pub(crate) essential: bool,
    /// The names of its events and requests, by the indices of their handlers.
    pub(crate) events: Vec<&'static str>,
    pub(crate) requests: Vec<&'static str>,
    pub(crate) awake: Notify,
    pub(crate) activity: Activity,
    pub(crate) counters: Counters,
}

/// The routes of all events and requests, and all subscribers by index.
#[derive(Default)]
pub(crate) struct Routing {
    pub(crate) routes: TypeMap<Route>,
    pub(crate) answerers: TypeMap<Answerer>,
    pub(crate) inboxes: Vec<Arc<Inbox>>,
}
