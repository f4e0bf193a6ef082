//! Collects the routing and checks it before the start.

use crate::activity::Activity;
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

/// A routing under construction, with the mistakes found so far.
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
        let (mut event_names, mut request_names) = (Vec::new(), Vec::new());
        for (handler, (type_id, event)) in (0..).zip(events) {
            event_names.push(event);
            self.name(type_id, event);
            let route = self.routing.routes.entry(type_id).or_default();
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
        for (handler, (type_id, request)) in (0..).zip(requests) {
            request_names.push(request);
            self.answerer(
                type_id,
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
            events: event_names,
            requests: request_names,
            awake: Notify::new(),
            activity: Activity::default(),
            counters: Counters::default(),
        }));
        subscriber
    }

    /// Adds a concurrent answerer; the first with a `reader` name sets the number of permits.
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

    /// Notes that `R` will be asked.
    pub(crate) fn asks<R: Request>(&mut self) {
        self.name(TypeId::of::<R>(), R::NAME);
        self.asked.push((TypeId::of::<R>(), R::NAME));
    }

    /// Returns the routing, or the first mistake in it.
    pub(crate) fn checked(self) -> Result<Routing, WiringError> {
        let unanswered = |(type_id, _): &&NamedType| !self.routing.answerers.contains_key(type_id);
        let unanswered = self.asked.iter().find(unanswered);
        let unanswered = unanswered.map(|(_, name)| WiringError::NoAnswerer(name));
        match self.mistakes.into_iter().chain(unanswered).next() {
            Some(mistake) => Err(mistake),
            None => Ok(self.routing),
        }
    }

    fn answerer(&mut self, type_id: TypeId, name: &'static str, answerer: Answerer) {
        self.name(type_id, name);
        if self.routing.answerers.insert(type_id, answerer).is_some() {
            self.mistakes.push(WiringError::TwoAnswerers(name));
        }
    }

    fn name(&mut self, type_id: TypeId, name: &'static str) {
        if *self.names.entry(name).or_insert(type_id) != type_id {
            self.mistakes.push(WiringError::DuplicateName(name));
        }
    }
}
