//! Collects the routing and checks it before the start.

use crate::activity::Activity;
use crate::catalogue::{Catalogue, CatalogueKind, CatalogueSubscriber};
use crate::message_type::MessageType;
use crate::metrics::Counters;
use crate::reader::{AnyReads, Reader};
use crate::routing::{Answerer, HandlerRef, Inbox, Routing};
use crate::{Event, Reads, Request, Tasks, WiringError};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// A routing under construction, with the mistakes found so far.
#[derive(Default)]
pub(crate) struct RoutingBuilder {
    routing: Routing,
    names: HashMap<&'static str, TypeId>,
    readers: HashMap<&'static str, Arc<Semaphore>>,
    asked: Vec<MessageType>,
    catalogue: Catalogue,
    mistakes: Vec<WiringError>,
}

impl RoutingBuilder {
    /// Adds a subscriber and returns its index.
    pub(crate) fn subscriber(
        &mut self,
        name: &'static str,
        essential: bool,
        events: impl Iterator<Item = MessageType>,
        requests: impl Iterator<Item = MessageType>,
    ) -> usize {
        let subscriber = self.routing.inboxes.len();
        if self.routing.inboxes.iter().any(|other| other.name == name) {
            self.mistakes.push(WiringError::DuplicateSubscriber(name));
        }
        let (mut event_names, mut request_names) = (Vec::new(), Vec::new());
        for (handler, event) in (0..).zip(events) {
            event_names.push(event.name);
            let item = self.catalogue.item(event, CatalogueKind::Fact);
            item.subscribers
                .push(CatalogueSubscriber { name, essential });
            self.name(event);
            let route = self.routing.routes.entry(event.id).or_default();
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
        for (handler, request) in (0..).zip(requests) {
            request_names.push(request.name);
            self.answerer(
                request,
                name,
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
        tasks: Option<&Tasks>,
        answerer: Arc<A>,
    ) {
        let name = reader;
        let permits = self.readers.entry(reader);
        let permits = Arc::clone(permits.or_insert_with(|| Arc::new(Semaphore::new(at_once))));
        let answerer: Arc<dyn AnyReads<R>> = answerer;
        let tasks = tasks.map(|tasks| (tasks.clone(), name));
        let reader = Reader::new(permits, tasks, answerer);
        let request = MessageType::request::<R>();
        self.answerer(request, name, Answerer::Concurrent(reader));
    }

    /// Notes that `R` will be asked.
    pub(crate) fn asks<R: Request>(&mut self) {
        let request = MessageType::request::<R>();
        let unanswered = CatalogueKind::UnansweredRequest;
        self.catalogue.item(request, unanswered).asked = true;
        self.name(request);
        self.asked.push(request);
    }

    /// Notes that `E` will be published, whether or not anybody subscribes to it.
    pub(crate) fn states<E: Event>(&mut self) {
        let event = MessageType::event::<E>();
        self.catalogue.item(event, CatalogueKind::Fact);
        self.name(event);
        self.routing.routes.entry(event.id).or_default();
    }

    /// Returns what has been collected so far.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Returns the first mistake so far.
    pub(crate) fn mistake(&self) -> Option<&WiringError> {
        self.mistakes.first()
    }

    /// Returns the routing, or the first mistake in it.
    pub(crate) fn checked(self) -> Result<Routing, WiringError> {
        let answerers = &self.routing.answerers;
        let mut asked = self.asked.iter();
        let unanswered = asked.find(|request| !answerers.contains_key(&request.id));
        let unanswered = unanswered.map(|request| WiringError::NoAnswerer(request.name));
        match self.mistakes.into_iter().chain(unanswered).next() {
            Some(mistake) => Err(mistake),
            None => Ok(self.routing),
        }
    }

    fn answerer(&mut self, request: MessageType, by: &'static str, answerer: Answerer) {
        let kind = match &answerer {
            Answerer::Ordered(_) => CatalogueKind::OrderedRequest,
            Answerer::Concurrent(_) => CatalogueKind::ConcurrentRequest,
        };
        let item = self.catalogue.item(request, kind);
        (item.kind, item.answered_by) = (kind, Some(by));
        self.name(request);
        let answerers = &mut self.routing.answerers;
        if answerers.insert(request.id, answerer).is_some() {
            self.mistakes.push(WiringError::TwoAnswerers(request.name));
        }
    }

    fn name(&mut self, message: MessageType) {
        let name = message.name;
        if *self.names.entry(name).or_insert(message.id) != message.id {
            self.mistakes.push(WiringError::DuplicateName(name));
        }
    }
}
