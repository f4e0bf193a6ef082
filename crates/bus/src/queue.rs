//! The queue of one subscriber.

use crate::call::AnyCall;
use crate::item::Item;
use std::collections::VecDeque;
use std::time::Duration;

/// The items waiting for one subscriber. Credits bound an essential one's queue. An isolated one's
/// is a ring: when it is full, the oldest event is evicted and requests are refused.
pub(crate) struct Queue {
    pub(crate) essential: bool,
    pub(crate) items: VecDeque<Item>,
    pub(crate) requests: usize,
    /// Items of the current turn, not yet finished.
    pub(crate) in_progress: usize,
    /// True while the subscriber waits to be woken.
    pub(crate) asleep: bool,
    /// Set while the subscriber is being rebuilt: requests are refused with this retry hint.
    pub(crate) refusing: Option<Duration>,
    /// Evicted since the start.
    pub(crate) missed: u64,
    /// Evicted since the subscriber last took a turn.
    pub(crate) missed_unreported: u64,
}

impl Queue {
    pub(crate) fn new(essential: bool) -> Self {
        Self {
            essential,
            items: VecDeque::new(),
            requests: 0,
            in_progress: 0,
            asleep: false,
            refusing: None,
            missed: 0,
            missed_unreported: 0,
        }
    }

    pub(crate) fn push(&mut self, item: Item) {
        self.requests += usize::from(matches!(item, Item::Request { .. }));
        self.items.push_back(item);
    }

    /// Moves at most `turn_max` items into `turn`, which must be empty.
    pub(crate) fn take(&mut self, turn_max: usize, turn: &mut VecDeque<Item>) {
        if self.items.len() <= turn_max {
            std::mem::swap(&mut self.items, turn);
            self.requests = 0;
        } else {
            turn.extend(self.items.drain(..turn_max.clamp(1, self.items.len())));
            if self.requests > 0 {
                let requests = turn.iter();
                let requests = requests.filter(|item| matches!(item, Item::Request { .. }));
                self.requests -= requests.count();
            }
        }
        self.in_progress = turn.len();
    }

    /// Removes and returns the oldest event if there are more than `ring`.
    pub(crate) fn overflow(&mut self, ring: usize) -> Option<Item> {
        if self.items.len() - self.requests <= ring {
            return None;
        }
        self.missed += 1;
        self.missed_unreported += 1;
        let oldest = self
            .items
            .iter()
            .position(|item| matches!(item, Item::Event { .. }))?;
        self.items.remove(oldest)
    }

    pub(crate) fn take_requests(&mut self) -> Vec<Box<dyn AnyCall>> {
        let (mut kept, mut requests) = (VecDeque::new(), Vec::with_capacity(self.requests));
        for item in self.items.drain(..) {
            match item {
                Item::Request { call, .. } => requests.push(call),
                event @ Item::Event { .. } => kept.push_back(event),
            }
        }
        self.items = kept;
        self.requests = 0;
        requests
    }

    pub(crate) fn clear(&mut self) -> VecDeque<Item> {
        self.requests = 0;
        self.in_progress = 0;
        std::mem::take(&mut self.items)
    }
}
