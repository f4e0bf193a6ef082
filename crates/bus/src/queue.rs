//! The queue of one subscriber.

use crate::call::AnyCall;
use crate::item::Item;
use std::collections::VecDeque;
use std::time::Duration;

/// What waits for one subscriber. An essential one's is bounded by the credits; in an isolated
/// one's the oldest event gives way, and requests are turned away.
pub(crate) struct Queue {
    pub(crate) essential: bool,
    pub(crate) items: VecDeque<Item>,
    pub(crate) requests: usize,
    /// Taken and not finished with.
    pub(crate) in_hand: usize,
    pub(crate) asleep: bool,
    pub(crate) away: Option<Duration>,
    pub(crate) missed: u64,
    pub(crate) missed_since: u64,
}

impl Queue {
    pub(crate) fn new(essential: bool) -> Self {
        Self {
            essential,
            items: VecDeque::new(),
            requests: 0,
            in_hand: 0,
            asleep: false,
            away: None,
            missed: 0,
            missed_since: 0,
        }
    }

    pub(crate) fn push(&mut self, item: Item) {
        self.requests += usize::from(matches!(item, Item::Request { .. }));
        self.items.push_back(item);
    }

    /// `turn` is empty.
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
        self.in_hand = turn.len();
    }

    /// The oldest event, when there are more than the ring holds.
    pub(crate) fn overflow(&mut self, ring: usize) -> Option<Item> {
        if self.items.len() - self.requests <= ring {
            return None;
        }
        self.missed += 1;
        self.missed_since += 1;
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
        self.in_hand = 0;
        std::mem::take(&mut self.items)
    }
}
