//! The state that all handles to one bus share.

use crate::call::Call;
use crate::credits::{CreditPool, Credits};
use crate::envelope::{Envelope, Outgoing};
use crate::event_log::{Deferred, EventLog, TakeResult};
use crate::item::Item;
use crate::metrics::Moment;
use crate::reply;
use crate::routing::{Answerer, HandlerRef, Inbox, Routing};
use crate::{AskError, BusMetrics, Origin, Request, Settings, TraceId};
use parking_lot::{Mutex, MutexGuard};
use std::any::TypeId;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// The retry hint for a request before the bus has started.
const RETRY_AFTER: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// The subscriber's name, in tasks of essential subscribers: they must never wait for the bus.
    pub(crate) static ESSENTIAL: &'static str;
}

pub(crate) struct Shared {
    pool: Arc<CreditPool>,
    log: Mutex<EventLog>,
    routing: OnceLock<Routing>,
    draining: AtomicBool,
    closing: CancellationToken,
    settings: Settings,
    start: Instant,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            pool: CreditPool::new(settings.credits),
            log: Mutex::new(EventLog::new()),
            routing: OnceLock::new(),
            draining: AtomicBool::new(false),
            closing: CancellationToken::new(),
            settings,
            start: Instant::now(),
        })
    }

    /// Returns when the bus was built.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// Returns the time limit of one handler call.
    pub(crate) fn handler_limit(&self) -> Duration {
        self.settings.handler_limit
    }

    /// Installs the routing: from now on events reach their subscribers.
    pub(crate) fn wire(&self, routing: Routing) {
        let mut log = self.log();
        routing
            .inboxes
            .iter()
            .for_each(|inbox| log.add_queue(inbox.essential));
        assert!(
            self.routing.set(routing).is_ok(),
            "a bus is started only once"
        );
    }

    /// Waits for a credit. Cancel-safe.
    pub(crate) async fn enter(&self) -> Credits {
        self.pool.enter().await
    }

    /// Publishes an event. Never waits.
    pub(crate) fn publish(&self, origin: &Origin, event: Outgoing) {
        let Some(routing) = self.routing.get() else {
            return;
        };
        if origin.is_loop() {
            let (cause, trace) = (origin.cause(), origin.trace());
            tracing::error!(event = event.name, cause, %trace, "dropped an event: too many reactions in a row, probably a loop");
            return;
        }
        let Some(route) = routing.routes.get(&event.type_id) else {
            return self.log().publish_unrouted();
        };
        let Outgoing { name, payload, .. } = event;
        let at = Moment::since(self.start);
        let isolated = (!route.isolated.is_empty()).then(|| {
            let (payload, origin) = (Arc::clone(&payload), origin.without_credits());
            Envelope {
                number: 0,
                name,
                payload,
                origin,
                at,
            }
        });
        let essential = (!route.essential.is_empty()).then(|| Envelope {
            number: 0,
            name,
            payload,
            origin: origin.clone(),
            at,
        });
        let deferred = self
            .log()
            .publish(route, essential, isolated, self.settings.ring);
        self.run_deferred(deferred);
    }

    pub(crate) fn publish_all(&self, origin: &Origin, events: Vec<Outgoing>) {
        for event in events {
            self.publish(origin, event);
        }
    }

    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Sends a request to the answerer of `R` and waits at most `within`.
    pub(crate) async fn ask<R: Request>(
        &self,
        request: R,
        trace: TraceId,
        within: Duration,
    ) -> Result<R::Answer, AskError> {
        if self.draining.load(Ordering::Acquire) {
            return Err(AskError::Draining);
        }
        if let Ok(subscriber) = ESSENTIAL.try_with(|name| *name) {
            tracing::error!(subscriber, request = R::NAME, %trace, "refused a request: an essential subscriber must not ask while it loads");
            return Err(AskError::Failed);
        }
        let deadline = Instant::now() + within;
        let Some(routing) = self.routing.get() else {
            return Err(AskError::Unavailable {
                retry_after: RETRY_AFTER,
            });
        };
        match routing.answerers.get(&TypeId::of::<R>()) {
            Some(Answerer::Concurrent(reader)) => reader.ask(request, trace, deadline).await,
            Some(Answerer::Ordered(handler)) => {
                let essential = routing.inboxes[handler.subscriber].essential;
                self.ask_ordered(handler, essential, request, trace, deadline)
                    .await
            }
            None => {
                tracing::error!(request = R::NAME, %trace, "refused a request: nothing answers it");
                Err(AskError::Failed)
            }
        }
    }

    async fn ask_ordered<R: Request>(
        &self,
        handler: &HandlerRef,
        essential: bool,
        request: R,
        trace: TraceId,
        deadline: Instant,
    ) -> Result<R::Answer, AskError> {
        let credits = if essential {
            timeout_at(deadline, self.enter())
                .await
                .map_err(|_| AskError::Overloaded)?
        } else {
            Credits::none()
        };
        let (reply, receiver) = reply::channel(Origin::outside(trace, credits), deadline);
        let call = Box::new(Call {
            request,
            reply,
            at: Moment::since(self.start),
        });
        let pushed = self.log().request(
            handler.subscriber,
            handler.handler,
            call,
            self.settings.ring,
        );
        match pushed {
            Ok(deferred) => self.run_deferred(deferred),
            Err((_, error)) => return Err(error),
        }
        receiver.wait().await
    }

    /// Finishes a subscriber's last turn, waits for the next one and moves it into `turn`. Returns
    /// how many events it missed before these, or `None` when the bus has closed.
    pub(crate) async fn take(
        &self,
        subscriber: usize,
        turn_max: usize,
        turn: &mut VecDeque<Item>,
    ) -> Option<u64> {
        loop {
            let (deferred, taken) = {
                let mut log = self.log();
                let deferred = log.finish(subscriber);
                (deferred, log.take(subscriber, turn_max, turn))
            };
            self.run_deferred(deferred);
            match taken {
                TakeResult::Turn { missed } => return Some(missed),
                TakeResult::Empty => self.inbox(subscriber).awake.notified().await,
                TakeResult::Closed => return None,
            }
        }
    }

    /// Fails queued and new requests with `retry_after` while a subscriber is being rebuilt.
    pub(crate) fn refuse_requests(&self, subscriber: usize, retry_after: Duration) {
        let (refused, deferred) = self.log().refuse_requests(subscriber, retry_after);
        for call in refused {
            call.fail(AskError::Unavailable { retry_after });
        }
        self.run_deferred(deferred);
    }

    pub(crate) fn accept_requests(&self, subscriber: usize) {
        self.log().accept_requests(subscriber);
    }

    pub(crate) fn forget_missed(&self, subscriber: usize) {
        self.log().forget_missed(subscriber);
    }

    /// Resolves when the bus starts to close.
    pub(crate) async fn closing(&self) {
        self.closing.cancelled().await;
    }

    pub(crate) fn close(&self) {
        self.closing.cancel();
        let deferred = self.log().close();
        self.run_deferred(deferred);
    }

    /// Drops what is left after all subscribers have ended, and fails the remaining requests. Drops
    /// the readers, too, since they may hold this bus and form a reference cycle.
    pub(crate) fn clear(&self) {
        for answerer in self
            .routing
            .get()
            .iter()
            .flat_map(|routing| routing.answerers.values())
        {
            if let Answerer::Concurrent(reader) = answerer {
                reader.close();
            }
        }
        let (left, deferred) = self.log().clear();
        for item in left {
            if let Item::Request { call, .. } = item {
                call.fail(AskError::Draining);
            }
        }
        self.run_deferred(deferred);
    }

    pub(crate) async fn quiet(&self) {
        self.pool
            .until(|| self.log().is_idle() && self.pool.all_returned())
            .await;
    }

    pub(crate) fn metrics(&self) -> BusMetrics {
        let log = self.log();
        let inboxes = self
            .routing
            .get()
            .map_or(&[][..], |routing| &routing.inboxes);
        let now = Moment::since(self.start);
        let metrics = |(index, inbox): (usize, &Arc<Inbox>)| {
            inbox
                .counters
                .metrics(inbox.name, inbox.essential, &log.metrics(index), now)
        };
        BusMetrics {
            published: log.number(),
            credits_free: self.pool.free(),
            credits: self.pool.total(),
            subscribers: inboxes.iter().enumerate().map(metrics).collect(),
        }
    }

    pub(crate) fn inbox(&self, subscriber: usize) -> &Arc<Inbox> {
        &self.inboxes()[subscriber]
    }

    /// Returns what the bus knows of each subscriber, by index. Only after the start.
    pub(crate) fn inboxes(&self) -> &[Arc<Inbox>] {
        let routing = self.routing.get();
        &routing
            .expect("subscribers run only after the start")
            .inboxes
    }

    /// Does what had to wait until the lock was released.
    fn run_deferred(&self, deferred: Deferred) {
        for subscriber in deferred.wake {
            self.inbox(subscriber).awake.notify_one();
        }
        if deferred.idle {
            self.pool.notify();
        }
    }

    fn log(&self) -> MutexGuard<'_, EventLog> {
        self.log.lock()
    }
}
