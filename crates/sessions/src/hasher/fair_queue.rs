//! A bounded queue that is fair between clients: round-robin, so that a busy client delays only
//! itself.

use std::collections::{HashMap, VecDeque};

/// Items by client, popped in turn: one of each client, then the next of each.
pub(super) struct FairQueue<T> {
    waiting: HashMap<String, VecDeque<T>>,
    /// Clients with waiting items, in the order of their turns.
    round: VecDeque<String>,
    len: usize,
    /// The most items of one client.
    each_max: usize,
}

impl<T> FairQueue<T> {
    pub(super) fn new(each_max: usize) -> Self {
        Self {
            waiting: HashMap::new(),
            round: VecDeque::new(),
            len: 0,
            each_max,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an item. If `max` items wait already, it displaces the newest item of the client with
    /// the most, provided that client still has more than this one afterwards. Returns the
    /// displaced item, or the new one as an error if there is no room.
    pub(super) fn push(&mut self, client: &str, item: T, max: usize) -> Result<Option<T>, T> {
        let own = self.waiting.get(client).map_or(0, VecDeque::len);
        if own >= self.each_max {
            return Err(item);
        }
        let mut displaced = None;
        if self.len >= max {
            displaced = self.newest_of_longest(own + 2);
            if displaced.is_none() {
                return Err(item);
            }
        }
        let queue = self.waiting.entry(client.to_owned()).or_default();
        if queue.is_empty() {
            self.round.push_back(client.to_owned());
        }
        queue.push_back(item);
        self.len += 1;
        Ok(displaced)
    }

    /// Removes and returns the next item.
    pub(super) fn pop(&mut self) -> Option<T> {
        let client = self.round.pop_front()?;
        let queue = self.waiting.get_mut(&client)?;
        let item = queue.pop_front()?;
        self.len -= 1;
        if queue.is_empty() {
            self.waiting.remove(&client);
        } else {
            self.round.push_back(client);
        }
        Some(item)
    }

    /// Removes the newest item of the client with the most, if that has `at_least` items.
    fn newest_of_longest(&mut self, at_least: usize) -> Option<T> {
        let longest = self.waiting.values_mut().max_by_key(|queue| queue.len())?;
        if longest.len() < at_least {
            return None;
        }
        self.len -= 1;
        longest.pop_back()
    }
}

#[cfg(test)]
mod tests {
    use super::FairQueue;

    fn rest(queue: &mut FairQueue<u32>) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn clients_take_turns() {
        let mut queue = FairQueue::new(9);
        for item in [10, 11, 12] {
            assert_eq!(queue.push("a", item, 9), Ok(None));
        }
        assert_eq!(queue.push("b", 20, 9), Ok(None));
        assert_eq!(rest(&mut queue), [10, 20, 11, 12]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn one_client_has_a_limit() {
        let mut queue = FairQueue::new(2);
        assert_eq!(queue.push("a", 10, 9), Ok(None));
        assert_eq!(queue.push("a", 11, 9), Ok(None));
        assert_eq!(queue.push("a", 12, 9), Err(12));
        assert_eq!(queue.push("b", 20, 9), Ok(None));
        assert_eq!(queue.len(), 3);
    }

    #[test]
    fn a_full_queue_displaces_the_busiest_client() {
        let mut queue = FairQueue::new(9);
        for item in [10, 11, 12] {
            assert_eq!(queue.push("a", item, 3), Ok(None));
        }
        assert_eq!(queue.push("b", 20, 3), Ok(Some(12)));
        assert_eq!(queue.push("b", 21, 3), Err(21), "that would not be fairer");
        assert_eq!(queue.push("c", 30, 3), Ok(Some(11)));
        assert_eq!(queue.push("d", 40, 3), Err(40), "everyone has one");
        assert_eq!(rest(&mut queue), [10, 20, 30]);
    }

    #[test]
    fn a_queue_without_room_accepts_nothing() {
        let mut queue = FairQueue::new(1);
        assert_eq!(queue.push("a", 10, 0), Err(10));
        assert_eq!(queue.pop(), None);
    }
}
