//! The order of events: a counter and every subscriber's queue, all under one lock.
//!
//! Nothing here waits, drops foreign values or wakes a task: such work is returned as [`Deferred`],
//! to be done after the lock is released.

use crate::call::AnyCall;
use crate::envelope::Envelope;
use crate::item::Item;
use crate::metrics::QueueMetrics;
use crate::queue::Queue;
use crate::routing::Route;
use crate::{AskError, EventNumber};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Work to do after the lock is released.
#[derive(Default)]
pub(crate) struct Deferred {
    /// Subscribers to wake.
    pub(crate) wake: SmallVec<[usize; 8]>,
    /// Events evicted from rings; to be dropped.
    pub(crate) evicted: SmallVec<[Item; 1]>,
    /// True when no essential subscriber has any work left.
    pub(crate) idle: bool,
}

/// The requests that may wait for an isolated subscriber, unless its ring is smaller. More would wait
/// longer than their callers, and evicting an event would have to step over all of them, under the lock.
const REQUESTS_MAX: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Subscribers end once no essential one has any work left.
    Closing,
    /// All subscribers have ended.
    Closed,
}

/// The result of [`EventLog::take`].
pub(crate) enum TakeResult {
    /// The subscriber got a turn; `missed` events were evicted from its ring before it.
    Turn { missed: u64 },
    /// The queue is empty; the subscriber will be woken.
    Empty,
    /// The queue is empty and nothing will follow.
    Closed,
}

/// The event counter and all queues, by subscriber index.
pub(crate) struct EventLog {
    number: EventNumber,
    /// Items that essential subscribers have not finished, including those of their current turns.
    pending: usize,
    phase: Phase,
    queues: Vec<Queue>,
}

impl EventLog {
    pub(crate) fn new() -> Self {
        Self {
            number: 0,
            pending: 0,
            phase: Phase::Open,
            queues: Vec::new(),
        }
    }

    pub(crate) fn add_queue(&mut self, essential: bool) {
        self.queues.push(Queue::new(essential));
    }

    pub(crate) fn number(&self) -> EventNumber {
        self.number
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.pending == 0
    }

    /// Numbers an event and appends it to the queue of each subscriber to its type.
    pub(crate) fn publish(
        &mut self,
        route: &Route,
        essential: Option<Envelope>,
        isolated: Option<Envelope>,
        ring: usize,
    ) -> Deferred {
        let mut deferred = Deferred::default();
        if self.phase == Phase::Closed {
            return deferred;
        }
        self.number += 1;
        if let Some(envelope) = essential {
            self.pending += route.essential.len();
            let envelope = self.numbered(envelope);
            for handler in &route.essential {
                self.push(handler.subscriber, handler.event(&envelope), &mut deferred);
            }
        }
        if let Some(envelope) = isolated {
            let envelope = self.numbered(envelope);
            for handler in &route.isolated {
                self.push(handler.subscriber, handler.event(&envelope), &mut deferred);
                deferred
                    .evicted
                    .extend(self.queues[handler.subscriber].overflow(ring));
            }
        }
        deferred
    }

    fn numbered(&self, envelope: Envelope) -> Arc<Envelope> {
        let number = self.number;
        Arc::new(Envelope { number, ..envelope })
    }

    /// Numbers an event that has no subscriber.
    pub(crate) fn publish_unrouted(&mut self) {
        if self.phase != Phase::Closed {
            self.number += 1;
        }
    }

    /// Appends a request to its answerer's queue, in order with the events.
    pub(crate) fn request(
        &mut self,
        subscriber: usize,
        handler: u32,
        call: Box<dyn AnyCall>,
        ring: usize,
    ) -> Result<Deferred, (Box<dyn AnyCall>, AskError)> {
        if self.phase == Phase::Closed {
            return Err((call, AskError::Draining));
        }
        let queue = &mut self.queues[subscriber];
        if let Some(retry_after) = queue.refusing {
            return Err((call, AskError::Unavailable { retry_after }));
        }
        // Requests to an isolated subscriber hold no credits that would bound them.
        if !queue.essential && queue.requests >= ring.min(REQUESTS_MAX) {
            return Err((call, AskError::Overloaded));
        }
        if queue.essential {
            self.pending += 1;
        }
        let mut deferred = Deferred::default();
        self.push(subscriber, Item::Request { handler, call }, &mut deferred);
        Ok(deferred)
    }

    fn push(&mut self, subscriber: usize, item: Item, deferred: &mut Deferred) {
        let queue = &mut self.queues[subscriber];
        queue.push(item);
        if std::mem::take(&mut queue.asleep) {
            deferred.wake.push(subscriber);
        }
    }

    /// Marks a subscriber's last turn as finished.
    pub(crate) fn finish(&mut self, subscriber: usize) -> Deferred {
        let mut deferred = Deferred::default();
        let queue = &mut self.queues[subscriber];
        let finished = std::mem::take(&mut queue.in_progress);
        if !queue.essential || finished == 0 {
            return deferred;
        }
        self.pending -= finished;
        deferred.idle = self.pending == 0;
        if deferred.idle && self.phase == Phase::Closing {
            self.wake_all(&mut deferred);
        }
        deferred
    }

    /// Moves a subscriber's next turn, at most `turn_max` items, into `turn`.
    pub(crate) fn take(
        &mut self,
        subscriber: usize,
        turn_max: usize,
        turn: &mut VecDeque<Item>,
    ) -> TakeResult {
        let (idle, phase) = (self.pending == 0, self.phase);
        let queue = &mut self.queues[subscriber];
        if queue.items.is_empty() {
            if phase == Phase::Closed || (phase == Phase::Closing && idle) {
                return TakeResult::Closed;
            }
            queue.asleep = true;
            return TakeResult::Empty;
        }
        queue.take(turn_max, turn);
        TakeResult::Turn {
            missed: std::mem::take(&mut queue.missed_unreported),
        }
    }

    /// Refuses requests while a subscriber is being rebuilt; returns those already queued.
    pub(crate) fn refuse_requests(
        &mut self,
        subscriber: usize,
        retry_after: Duration,
    ) -> (Vec<Box<dyn AnyCall>>, Deferred) {
        let mut deferred = Deferred::default();
        let queue = &mut self.queues[subscriber];
        queue.refusing = Some(retry_after);
        let refused = queue.take_requests();
        if queue.essential && !refused.is_empty() {
            self.pending -= refused.len();
            deferred.idle = self.pending == 0;
        }
        (refused, deferred)
    }

    /// Accepts requests again after a rebuild.
    pub(crate) fn accept_requests(&mut self, subscriber: usize) {
        self.queues[subscriber].refusing = None;
    }

    /// Forgets missed events: the subscriber is about to load everything.
    pub(crate) fn forget_missed(&mut self, subscriber: usize) {
        self.queues[subscriber].missed_unreported = 0;
    }

    /// Lets subscribers end as soon as no essential one has any work left.
    pub(crate) fn close(&mut self) -> Deferred {
        let mut deferred = Deferred::default();
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            self.wake_all(&mut deferred);
        }
        deferred
    }

    /// Closes the log after all subscribers have ended; returns the remaining items.
    pub(crate) fn clear(&mut self) -> (Vec<Item>, Deferred) {
        self.phase = Phase::Closed;
        self.pending = 0;
        let left = self.queues.iter_mut().flat_map(Queue::clear).collect();
        (
            left,
            Deferred {
                idle: true,
                ..Deferred::default()
            },
        )
    }

    pub(crate) fn metrics(&self, subscriber: usize) -> QueueMetrics {
        let queue = &self.queues[subscriber];
        QueueMetrics {
            depth: queue.items.len(),
            front: queue.items.front().map(Item::at),
            missed: queue.missed,
        }
    }

    fn wake_all(&mut self, deferred: &mut Deferred) {
        for (subscriber, queue) in self.queues.iter_mut().enumerate() {
            if std::mem::take(&mut queue.asleep) {
                deferred.wake.push(subscriber);
            }
        }
    }
}
