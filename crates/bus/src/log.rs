//! The one order: a number and every subscriber's queue, all under one lock.
//!
//! Nothing here waits, drops other people's values or wakes anyone: what is to be dropped or woken
//! is handed back and done after the lock.

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

/// What is left to do when the lock has been given back.
#[derive(Default)]
pub(crate) struct After {
    /// Subscribers to wake.
    pub(crate) wake: SmallVec<[usize; 8]>,
    /// What fell out of rings.
    pub(crate) fallen: SmallVec<[Item; 1]>,
    /// True when no essential subscriber has anything to do.
    pub(crate) idle: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Subscribers end when no essential one has anything left.
    Closing,
    /// Nobody listens any more.
    Closed,
}

/// What a subscriber finds when it looks into its queue.
pub(crate) enum Taken {
    /// Something, and that many events fell out of its ring before.
    Turn { missed: u64 },
    /// Nothing yet: it will be woken.
    Nothing,
    /// Nothing, and nothing will come.
    Closed,
}

pub(crate) struct Log {
    number: EventNumber,
    /// Items that essential subscribers have not finished with, those in their turn included.
    pending: usize,
    phase: Phase,
    queues: Vec<Queue>,
}

impl Log {
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

    /// Numbers an event and puts it into the queue of each subscriber that wants it.
    pub(crate) fn publish(
        &mut self,
        route: &Route,
        essential: Option<Envelope>,
        isolated: Option<Envelope>,
        ring: usize,
    ) -> After {
        let mut after = After::default();
        if self.phase == Phase::Closed {
            return after;
        }
        self.number += 1;
        if let Some(envelope) = essential {
            self.pending += route.essential.len();
            let envelope = self.numbered(envelope);
            for port in &route.essential {
                self.push(port.subscriber, port.event(&envelope), &mut after);
            }
        }
        if let Some(envelope) = isolated {
            let envelope = self.numbered(envelope);
            for port in &route.isolated {
                self.push(port.subscriber, port.event(&envelope), &mut after);
                after
                    .fallen
                    .extend(self.queues[port.subscriber].overflow(ring));
            }
        }
        after
    }

    fn numbered(&self, envelope: Envelope) -> Arc<Envelope> {
        let number = self.number;
        Arc::new(Envelope { number, ..envelope })
    }

    /// Numbers an event that nobody wants.
    pub(crate) fn publish_unheard(&mut self) {
        if self.phase != Phase::Closed {
            self.number += 1;
        }
    }

    /// Puts a request into its answerer's queue, among the events.
    pub(crate) fn request(
        &mut self,
        subscriber: usize,
        handler: u32,
        call: Box<dyn AnyCall>,
        ring: usize,
    ) -> Result<After, (Box<dyn AnyCall>, AskError)> {
        if self.phase == Phase::Closed {
            return Err((call, AskError::Draining));
        }
        let queue = &mut self.queues[subscriber];
        if let Some(retry_after) = queue.away {
            return Err((call, AskError::Unavailable { retry_after }));
        }
        // An isolated answerer's requests hold no credits, so its ring bounds them.
        if !queue.essential && queue.requests >= ring {
            return Err((call, AskError::Overloaded));
        }
        if queue.essential {
            self.pending += 1;
        }
        let mut after = After::default();
        self.push(subscriber, Item::Request { handler, call }, &mut after);
        Ok(after)
    }

    fn push(&mut self, subscriber: usize, item: Item, after: &mut After) {
        let queue = &mut self.queues[subscriber];
        queue.push(item);
        if std::mem::take(&mut queue.asleep) {
            after.wake.push(subscriber);
        }
    }

    /// A subscriber has finished with its last turn.
    pub(crate) fn finish(&mut self, subscriber: usize) -> After {
        let mut after = After::default();
        let queue = &mut self.queues[subscriber];
        let finished = std::mem::take(&mut queue.in_hand);
        if !queue.essential || finished == 0 {
            return after;
        }
        self.pending -= finished;
        after.idle = self.pending == 0;
        if after.idle && self.phase == Phase::Closing {
            self.wake_all(&mut after);
        }
        after
    }

    /// A subscriber takes its next turn.
    pub(crate) fn take(
        &mut self,
        subscriber: usize,
        turn_max: usize,
        turn: &mut VecDeque<Item>,
    ) -> Taken {
        let (idle, phase) = (self.pending == 0, self.phase);
        let queue = &mut self.queues[subscriber];
        if queue.items.is_empty() {
            if phase == Phase::Closed || (phase == Phase::Closing && idle) {
                return Taken::Closed;
            }
            queue.asleep = true;
            return Taken::Nothing;
        }
        queue.take(turn_max, turn);
        Taken::Turn {
            missed: std::mem::take(&mut queue.missed_since),
        }
    }

    /// While a subscriber is being rebuilt it is asked in vain: takes out what was asked already.
    pub(crate) fn refuse_requests(
        &mut self,
        subscriber: usize,
        retry_after: Duration,
    ) -> (Vec<Box<dyn AnyCall>>, After) {
        let mut after = After::default();
        let queue = &mut self.queues[subscriber];
        queue.away = Some(retry_after);
        let refused = queue.take_requests();
        if queue.essential && !refused.is_empty() {
            self.pending -= refused.len();
            after.idle = self.pending == 0;
        }
        (refused, after)
    }

    /// It has been rebuilt and may be asked again.
    pub(crate) fn accept_requests(&mut self, subscriber: usize) {
        self.queues[subscriber].away = None;
    }

    /// What it missed until now does not count: it is about to read everything.
    pub(crate) fn forget_missed(&mut self, subscriber: usize) {
        self.queues[subscriber].missed_since = 0;
    }

    /// Lets subscribers end as soon as no essential one has anything left.
    pub(crate) fn close(&mut self) -> After {
        let mut after = After::default();
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            self.wake_all(&mut after);
        }
        after
    }

    /// Nobody listens any more: turn back all that was left.
    pub(crate) fn clear(&mut self) -> (Vec<Item>, After) {
        self.phase = Phase::Closed;
        self.pending = 0;
        let left = self.queues.iter_mut().flat_map(Queue::clear).collect();
        (
            left,
            After {
                idle: true,
                ..After::default()
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

    fn wake_all(&mut self, after: &mut After) {
        for (subscriber, queue) in self.queues.iter_mut().enumerate() {
            if std::mem::take(&mut queue.asleep) {
                after.wake.push(subscriber);
            }
        }
    }
}
