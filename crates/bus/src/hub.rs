//! What all handles on one bus share.

use crate::call::Call;
use crate::credit::{Credits, Edge};
use crate::envelope::{Envelope, Outgoing};
use crate::item::Item;
use crate::log::{After, Log, Taken};
use crate::metrics::Moment;
use crate::reply;
use crate::routing::{Answerer, HandlerRef, Inbox, Routing};
use crate::{AskError, BusMetrics, Origin, Request, Settings, TraceId};
use std::any::TypeId;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// An ask before the start, or while the answerer is being rebuilt, is worth repeating soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// Set in the tasks of essential subscribers, which must never wait for the bus.
    pub(crate) static ESSENTIAL: &'static str;
}

pub(crate) struct Hub {
    edge: Arc<Edge>,
    log: Mutex<Log>,
    routing: OnceLock<Routing>,
    draining: AtomicBool,
    closing: CancellationToken,
    settings: Settings,
    start: Instant,
}

impl Hub {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            edge: Edge::new(settings.credits),
            log: Mutex::new(Log::new()),
            routing: OnceLock::new(),
            draining: AtomicBool::new(false),
            closing: CancellationToken::new(),
            settings,
            start: Instant::now(),
        })
    }

    /// When it was made.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// How long one handler call may take.
    pub(crate) fn handler_limit(&self) -> Duration {
        self.settings.handler_limit
    }

    /// From now on the bus hears.
    pub(crate) fn wire(&self, routing: Routing) {
        let mut log = self.log();
        routing
            .inboxes
            .iter()
            .for_each(|inbox| log.add_queue(inbox.essential));
        assert!(self.routing.set(routing).is_ok(), "a bus is started once");
    }

    /// Waits for a credit. Cancel-safe.
    pub(crate) async fn enter(&self) -> Credits {
        self.edge.enter().await
    }

    /// Puts an event on the bus. Never waits.
    pub(crate) fn publish(&self, origin: &Origin, event: Outgoing) {
        let Some(routing) = self.routing.get() else {
            return;
        };
        if origin.goes_in_circles() {
            let (cause, trace) = (origin.cause(), origin.trace());
            tracing::error!(event = event.name, cause, %trace, "dropped an event: reactions go in circles");
            return;
        }
        let Some(route) = routing.routes.get(&event.kind) else {
            return self.log().publish_unheard();
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
        let after = self
            .log()
            .publish(route, essential, isolated, self.settings.ring);
        self.conclude(after);
    }

    pub(crate) fn publish_all(&self, origin: &Origin, events: Vec<Outgoing>) {
        for event in events {
            self.publish(origin, event);
        }
    }

    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Asks the one answerer of `R` and waits until the deadline.
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
            tracing::error!(subscriber, request = R::NAME, %trace, "an essential subscriber may not ask");
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
            Some(Answerer::Ordered(port)) => {
                let essential = routing.inboxes[port.subscriber].essential;
                self.order(port, essential, request, trace, deadline).await
            }
            None => {
                tracing::error!(request = R::NAME, %trace, "nobody answers this");
                Err(AskError::Failed)
            }
        }
    }

    async fn order<R: Request>(
        &self,
        port: &HandlerRef,
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
        let (reply, asker) = reply::pair(Origin::outside(trace, credits), deadline);
        let call = Box::new(Call {
            request,
            reply,
            at: Moment::since(self.start),
        });
        let pushed = self
            .log()
            .request(port.subscriber, port.handler, call, self.settings.ring);
        match pushed {
            Ok(after) => self.conclude(after),
            Err((_, error)) => return Err(error),
        }
        asker.wait().await
    }

    /// Waits for a subscriber's next turn and puts it into `turn`; the last one has been finished
    /// with. Returns how many events it missed before these, or `None` when the bus has closed.
    pub(crate) async fn take(
        &self,
        subscriber: usize,
        turn_max: usize,
        turn: &mut VecDeque<Item>,
    ) -> Option<u64> {
        loop {
            let (after, taken) = {
                let mut log = self.log();
                let after = log.finish(subscriber);
                (after, log.take(subscriber, turn_max, turn))
            };
            self.conclude(after);
            match taken {
                Taken::Turn { missed } => return Some(missed),
                Taken::Nothing => self.inbox(subscriber).awake.notified().await,
                Taken::Closed => return None,
            }
        }
    }

    /// While a subscriber is being rebuilt, those who ask it are told to come again.
    pub(crate) fn refuse_requests(&self, subscriber: usize, retry_after: Duration) {
        let (refused, after) = self.log().refuse_requests(subscriber, retry_after);
        for call in refused {
            call.fail(AskError::Unavailable { retry_after });
        }
        self.conclude(after);
    }

    pub(crate) fn accept_requests(&self, subscriber: usize) {
        self.log().accept_requests(subscriber);
    }

    pub(crate) fn forget_missed(&self, subscriber: usize) {
        self.log().forget_missed(subscriber);
    }

    /// Resolves when the bus has begun to close.
    pub(crate) async fn closing(&self) {
        self.closing.cancelled().await;
    }

    pub(crate) fn close(&self) {
        self.closing.cancel();
        let after = self.log().close();
        self.conclude(after);
    }

    /// Nobody listens any more: what is left is dropped, its askers are told. Readers go too, for
    /// they may hold the bus that holds them.
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
        let (left, after) = self.log().clear();
        for item in left {
            if let Item::Request { call, .. } = item {
                call.fail(AskError::Draining);
            }
        }
        self.conclude(after);
    }

    pub(crate) async fn quiet(&self) {
        self.edge
            .until(|| self.log().is_idle() && self.edge.all_home())
            .await;
    }

    pub(crate) fn metrics(&self) -> BusMetrics {
        let log = self.log();
        let inboxes = self
            .routing
            .get()
            .map_or(&[][..], |routing| &routing.inboxes);
        let now = Moment::since(self.start);
        let line = |(index, inbox): (usize, &Arc<Inbox>)| {
            inbox
                .counters
                .line(inbox.name, inbox.essential, &log.metrics(index), now)
        };
        BusMetrics {
            published: log.number(),
            credits_free: self.edge.free(),
            credits: self.edge.total(),
            subscribers: inboxes.iter().enumerate().map(line).collect(),
        }
    }

    pub(crate) fn inbox(&self, subscriber: usize) -> &Arc<Inbox> {
        &self
            .routing
            .get()
            .expect("subscribers run after the start")
            .inboxes[subscriber]
    }

    /// What had to wait for the lock to be given back.
    fn conclude(&self, after: After) {
        for subscriber in after.wake {
            self.inbox(subscriber).awake.notify_one();
        }
        if after.idle {
            self.edge.stir();
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log
            .lock()
            .expect("nothing panics under the log's lock")
    }
}
