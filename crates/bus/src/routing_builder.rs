//! Collects who handles what, and checks it before the start.

use crate::metrics::Counters;
use crate::reader::{AnyReads, Reader};
use crate::routing::{Answerer, HandlerRef, Inbox, Routing};
use crate::{Reads, Request, WiringError};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// A type of event or request and its `NAME`.
pub(crate) type NamedType = (TypeId, &'static str);

/// The wiring while it is being drawn up, with the mistakes found so far.
#[derive(Default)]
pub(crate) struct RoutingBuilder {
    routing: Routing,
    names: HashMap<&'static str, TypeId>,
    readers: HashMap<&'static str, Arc<Semaphore>>,
    asked: Vec<NamedType>,
    mistakes: Vec<WiringError>,
}

impl RoutingBuilder {
    /// Adds a subscriber and returns its index.
    pub(crate) fn subscriber(
        &mut self,
        name: &'static str,
        essential: bool,
        events: impl Iterator<Item = NamedType>,
        requests: impl Iterator<Item = NamedType>,
    ) -> usize {
        let subscriber = self.routing.inboxes.len();
        if self.routing.inboxes.iter().any(|other| other.name == name) {
            self.mistakes.push(WiringError::DuplicateSubscriber(name));
        }
        for (handler, (kind, event)) in (0..).zip(events) {
            self.name(kind, event);
            let route = self.routing.routes.entry(kind).or_default();
            let handlers = if essential {
                &mut route.essential
            } else {
                &mut route.isolated
            };
            handlers.push(HandlerRef {
                subscriber,
                handler,
            });
        }
        for (handler, (kind, request)) in (0..).zip(requests) {
            self.answerer(
                kind,
                request,
                Answerer::Ordered(HandlerRef {
                    subscriber,
                    handler,
                }),
            );
        }
        self.routing.inboxes.push(Arc::new(Inbox {
            name,
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
        let answerer: Arc<dyn AnyReads<R>> = answerer;
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
        let unanswered = |(kind, _): &&NamedType| !self.routing.answerers.contains_key(kind);
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
