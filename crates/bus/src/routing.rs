//! Who wants and who answers what: drawn up and checked before the start, fixed after it.

use crate::envelope::Envelope;
use crate::log::Item;
use crate::metrics::Counters;
use crate::reads::{Read, Reader};
use crate::subscriber::Wiring;
use crate::type_map::TypeMap;
use crate::{Reads, Request, Subscriber, WiringError};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

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

/// The wiring while it is being drawn up, with the mistakes found so far.
#[derive(Default)]
pub(crate) struct RoutingBuilder {
    routing: Routing,
    names: HashMap<&'static str, TypeId>,
    readers: HashMap<&'static str, Arc<Semaphore>>,
    asked: Vec<(TypeId, &'static str)>,
    mistakes: Vec<WiringError>,
}

impl RoutingBuilder {
    /// Adds a subscriber and returns its index.
    pub(crate) fn subscriber<S: Subscriber>(
        &mut self,
        wiring: &Wiring<S>,
        essential: bool,
    ) -> usize {
        let subscriber = self.routing.inboxes.len();
        if self
            .routing
            .inboxes
            .iter()
            .any(|other| other.name == S::NAME)
        {
            self.mistakes
                .push(WiringError::DuplicateSubscriber(S::NAME));
        }
        for (handler, (kind, name)) in (0..).zip(wiring.events()) {
            self.name(kind, name);
            let route = self.routing.routes.entry(kind).or_default();
            let ports = if essential {
                &mut route.essential
            } else {
                &mut route.isolated
            };
            ports.push(HandlerRef {
                subscriber,
                handler,
            });
        }
        for (handler, (kind, name)) in (0..).zip(wiring.requests()) {
            self.answerer(
                kind,
                name,
                Answerer::Ordered(HandlerRef {
                    subscriber,
                    handler,
                }),
            );
        }
        self.routing.inboxes.push(Arc::new(Inbox {
            name: S::NAME,
            essential,
            awake: Notify::new(),
            counters: Counters::default(),
        }));
        subscriber
    }

    /// Adds a concurrent answerer; the first of a `reader` decides how many permits it has.
    pub(crate) fn reads<R: Request, A: Reads<R>>(
        &mut self,
        reader: &'static str,
        at_once: usize,
        answerer: Arc<A>,
    ) {
        let permits = self.readers.entry(reader);
        let permits = Arc::clone(permits.or_insert_with(|| Arc::new(Semaphore::new(at_once))));
        let answerer: Arc<dyn Read<R>> = answerer;
        let reader = Reader::new(permits, answerer);
        self.answerer(TypeId::of::<R>(), R::NAME, Answerer::Concurrent(reader));
    }

    /// Notes that someone will ask `R`.
    pub(crate) fn asks<R: Request>(&mut self) {
        self.name(TypeId::of::<R>(), R::NAME);
        self.asked.push((TypeId::of::<R>(), R::NAME));
    }

    /// The wiring, or the first mistake in it.
    pub(crate) fn checked(self) -> Result<Routing, WiringError> {
        let unanswered = |(kind, _): &&(TypeId, _)| !self.routing.answerers.contains_key(kind);
        let unanswered = self.asked.iter().find(unanswered);
        let unanswered = unanswered.map(|(_, name)| WiringError::NoAnswerer(name));
        match self.mistakes.into_iter().chain(unanswered).next() {
            Some(mistake) => Err(mistake),
            None => Ok(self.routing),
        }
    }

    fn answerer(&mut self, kind: TypeId, name: &'static str, answerer: Answerer) {
        self.name(kind, name);
        if self.routing.answerers.insert(kind, answerer).is_some() {
            self.mistakes.push(WiringError::TwoAnswerers(name));
        }
    }

    fn name(&mut self, kind: TypeId, name: &'static str) {
        if *self.names.entry(name).or_insert(kind) != kind {
            self.mistakes.push(WiringError::DuplicateName(name));
        }
    }
}
