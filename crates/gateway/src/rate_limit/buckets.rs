//! The buckets in use: one per user, over all sockets and HTTP, and one per network for what is
//! asked before it is known who asks.

use super::Bucket;
use crate::Limits;
use crate::connection::Peer;
use sessions::api::UserId;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After this long unused a bucket is full again: nothing is lost by forgetting it.
const REFILLED: Duration = Duration::from_secs(10);
/// More users than any one process serves.
const USERS_MAX: usize = 1 << 20;
/// The most networks counted apart within [`REFILLED`]; one machine has any number of IPv6 addresses.
const NETWORKS_MAX: usize = 1 << 16;

/// All of them.
pub(crate) struct Buckets {
    users: BucketTable<UserId>,
    networks: BucketTable<Peer>,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            users: BucketTable::new(USERS_MAX),
            networks: BucketTable::new(NETWORKS_MAX),
        }
    }
}

impl Buckets {
    /// This user's.
    pub(crate) fn for_user(&self, user: UserId, limits: &Limits) -> Arc<Bucket> {
        self.users.of(user, Instant::now(), || Bucket::new(limits))
    }

    /// This network's.
    pub(crate) fn of_network(&self, network: Peer, limits: &Limits) -> Arc<Bucket> {
        self.networks
            .of(network, Instant::now(), || Bucket::of_network(limits))
    }

    /// A new one for a connection that comes from this network and has not said hello.
    pub(crate) fn before_hello(&self, network: Peer, limits: &Limits) -> Arc<Bucket> {
        Arc::new(Bucket::before_hello(
            limits,
            self.of_network(network, limits),
        ))
    }
}

/// The buckets by whom they belong to, each for as long as it is held or not full.
struct BucketTable<K> {
    max: usize,
    state: Mutex<TableState<K>>,
}

struct TableState<K> {
    buckets: HashMap<K, TableEntry>,
    /// Shared by all for whom there is no room.
    overflow: Option<Arc<Bucket>>,
    swept: Option<Instant>,
}

struct TableEntry {
    bucket: Arc<Bucket>,
    /// Since when nobody has been seen to hold it.
    idle: Option<Instant>,
}

impl<K: Hash + Eq> BucketTable<K> {
    fn new(max: usize) -> Self {
        Self {
            max,
            state: Mutex::new(TableState {
                buckets: HashMap::new(),
                overflow: None,
                swept: None,
            }),
        }
    }

    fn of(&self, key: K, now: Instant, full: impl FnOnce() -> Bucket) -> Arc<Bucket> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sweep(now);
        if let Some(entry) = state.buckets.get_mut(&key) {
            entry.idle = None;
            return Arc::clone(&entry.bucket);
        }
        if state.buckets.len() >= self.max {
            let overflow = state.overflow.get_or_insert_with(|| Arc::new(full()));
            return Arc::clone(overflow);
        }
        let bucket = Arc::new(full());
        let entry = TableEntry {
            bucket: Arc::clone(&bucket),
            idle: None,
        };
        state.buckets.insert(key, entry);
        bucket
    }
}

impl<K: Hash + Eq> TableState<K> {
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now - swept < REFILLED) {
            return;
        }
        self.swept = Some(now);
        self.buckets.retain(|_, entry| entry.stays(now));
    }
}

impl TableEntry {
    /// It was used until somebody let go of it, which nobody notes: only from the first look that
    /// finds it idle is it sure to fill up.
    fn stays(&mut self, now: Instant) -> bool {
        if Arc::strong_count(&self.bucket) > 1 {
            self.idle = None;
            return true;
        }
        let since = *self.idle.get_or_insert(now);
        now - since < REFILLED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Bucket {
        Bucket::new(&Limits::default())
    }

    fn count(table: &BucketTable<u32>) -> usize {
        table.state.lock().unwrap().buckets.len()
    }

    #[test]
    fn a_bucket_is_kept_while_it_is_held_and_until_it_is_full_again() {
        let (table, start) = (BucketTable::new(10), Instant::now());
        let held = table.of(1, start, full);
        drop(table.of(2, start, full));
        for (turn, left) in [(1, 3), (2, 2), (3, 2), (4, 2)] {
            let bucket = table.of(3, start + REFILLED * turn, full);
            assert_eq!(count(&table), left, "turn {turn}");
            drop(bucket);
        }
        let again = table.of(1, start + REFILLED * 5, full);
        assert!(Arc::ptr_eq(&held, &again), "one for all who hold it");
        drop((held, again));
        table.of(3, start + REFILLED * 6, full);
        table.of(3, start + REFILLED * 7, full);
        assert_eq!(count(&table), 1, "nothing is kept of who has gone");
    }

    #[test]
    fn those_beyond_the_last_place_share_one() {
        let (table, now) = (BucketTable::new(2), Instant::now());
        let state: Vec<_> = (0..4).map(|key| table.of(key, now, full)).collect();
        assert_eq!(count(&table), 2);
        assert!(Arc::ptr_eq(&state[2], &state[3]));
        assert!(!Arc::ptr_eq(&state[0], &state[2]));
    }
}
