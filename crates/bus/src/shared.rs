//! The state that all handles to one bus share.

use crate::credits::CreditPool;
use crate::entrance::Entrance;
use crate::envelope::{Envelope, Outgoing};
use crate::event_log::{Deferred, EventLog, TakeResult};
use crate::item::Item;
use crate::metrics::Moment;
use crate::routing::{Answerer, Inbox, Routing};
use crate::{AskError, BusMetrics, Origin, Settings};
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

tokio::task_local! {
    /// The subscriber's name, in tasks of essential subscribers: they must never wait for the bus.
    pub(crate) static ESSENTIAL: &'static str;
}

pub(crate) struct Shared {
    pool: Arc<CreditPool>,
    /// The pools of the bounded handles; complete when the bus starts.
    bounded: Mutex<Vec<Arc<CreditPool>>>,
    /// Set when nothing more may enter by the bounded handles.
    bounded_closed: Arc<AtomicBool>,
    log: Mutex<EventLog>,
    pub(crate) routing: OnceLock<Routing>,
    draining: AtomicBool,
    closing: CancellationToken,
    pub(crate) settings: Settings,
    start: Instant,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            pool: CreditPool::new(settings.credits),
            bounded: Mutex::default(),
            bounded_closed: Arc::default(),
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

    /// Returns the way in on the credits of the bus.
    pub(crate) fn open_entrance(&self) -> Entrance {
        Entrance::open(&self.pool)
    }

    /// Creates a pool of credits for a bounded handle.
    pub(crate) fn add_pool(&self, credits: usize) -> Arc<CreditPool> {
        let pool = self.pool.beside(credits);
        self.bounded.lock().push(Arc::clone(&pool));
        pool
    }

    pub(crate) fn bounded_closed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.bounded_closed)
    }

    /// Lets nothing more enter by the bounded handles.
    pub(crate) fn close_bounded(&self) {
        self.bounded_closed.store(true, Ordering::Release);
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
            debug_assert!(
                false,
                "{} is published, but nobody subscribes to it or declares it: add it with Builder::states",
                event.name
            );
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

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
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
        let returned = || {
            let bounded = self.bounded.lock();
            self.pool.all_returned() && bounded.iter().all(|pool| pool.all_returned())
        };
        self.pool.until(|| self.log().is_idle() && returned()).await;
    }

    /// Returns the current metrics, with the credits of this pool.
    pub(crate) fn metrics(&self, pool: &CreditPool) -> BusMetrics {
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
            credits_free: pool.free(),
            credits: pool.total(),
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
    pub(crate) fn run_deferred(&self, deferred: Deferred) {
        for subscriber in deferred.wake {
            self.inbox(subscriber).awake.notify_one();
        }
        if deferred.idle {
            self.pool.notify();
        }
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, EventLog> {
        self.log.lock()
    }
}
