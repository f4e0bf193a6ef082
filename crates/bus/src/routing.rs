//! Who wants and who answers what: drawn up and checked before the start, fixed after it.

use crate::envelope::Envelope;
use crate::item::Item;
use crate::metrics::Counters;
use crate::reader::Reader;
use crate::type_map::TypeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// A subscriber and the place of the handler in its wiring.
pub(crate) struct HandlerRef {
    pub(crate) subscriber: usize,
    pub(crate) handler: u32,
}

impl HandlerRef {
    /// An event on its way in here.
    pub(crate) fn event(&self, envelope: &Arc<Envelope>) -> Item {
        Item::Event {
            handler: self.handler,
            envelope: Arc::clone(envelope),
        }
    }
}

/// Who wants one type of event.
#[derive(Default)]
pub(crate) struct Route {
    pub(crate) essential: Vec<HandlerRef>,
    pub(crate) isolated: Vec<HandlerRef>,
}

/// Who answers one type of request.
pub(crate) enum Answerer {
    Ordered(HandlerRef),
    Concurrent(Reader),
}

/// One subscriber as the bus sees it.
pub(crate) struct Inbox {
    pub(crate) name: &'static str,
    pub(crate) essential: bool,
    pub(crate) awake: Notify,
    pub(crate) counters: Counters,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Routing {
    pub(crate) routes: TypeMap<Route>,
    pub(crate) answerers: TypeMap<Answerer>,
    pub(crate) inboxes: Vec<Arc<Inbox>>,
}
