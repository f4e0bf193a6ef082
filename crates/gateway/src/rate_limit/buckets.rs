//! The buckets in use: one per user, over all sockets and HTTP, and one per network for what comes
//! before the user is known.

use super::Bucket;
use crate::Limits;
use crate::connection::Peer;
use parking_lot::Mutex;
use sessions::api::UserId;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After this long unused a bucket is full again and can be dropped.
const REFILLED: Duration = Duration::from_secs(10);
/// Most users with a bucket of their own: more than a process serves.
const USERS_MAX: usize = 1 << 20;
/// Most networks with a bucket of their own; one machine has any number of IPv6 networks.
const NETWORKS_MAX: usize = 1 << 16;

/// The buckets of all users and networks.
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
    /// Returns the bucket of this user.
    pub(crate) fn for_user(&self, user: UserId, limits: &Limits) -> Arc<Bucket> {
        self.users.of(user, Instant::now(), || Bucket::new(limits))
    }

    /// Returns the bucket of this network.
    pub(crate) fn of_network(&self, network: Peer, limits: &Limits) -> Arc<Bucket> {
        self.networks
            .of(network, Instant::now(), || Bucket::of_network(limits))
    }

    /// Returns a new bucket for a connection from this network, valid until `hello`.
    pub(crate) fn before_hello(&self, network: Peer, limits: &Limits) -> Arc<Bucket> {
        Arc::new(Bucket::before_hello(
            limits,
            self.of_network(network, limits),
        ))
    }
}

/// The buckets by owner, each kept while it is held or not full.
struct BucketTable<K> {
    max: usize,
    state: Mutex<TableState<K>>,
}

struct TableState<K> {
    buckets: HashMap<K, TableEntry>,
    /// Shared by all owners beyond `max`.
    overflow: Option<Arc<Bucket>>,
    swept: Option<Instant>,
}

struct TableEntry {
    bucket: Arc<Bucket>,
    /// When a sweep first found that nobody holds it.
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
        let mut state = self.state.lock();
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
        self.buckets.retain(|_, entry| entry.must_be_kept(now));
    }
}

impl TableEntry {
    /// Returns whether the bucket must be kept. The moment of release is unknown, so the refill time counts
    /// from the first sweep that finds it idle.
    fn must_be_kept(&mut self, now: Instant) -> bool {
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
        table.state.lock().buckets.len()
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
        assert!(Arc::ptr_eq(&held, &again), "all holders share one");
        drop((held, again));
        table.of(3, start + REFILLED * 6, full);
        table.of(3, start + REFILLED * 7, full);
        assert_eq!(count(&table), 1, "nothing is left");
    }

    #[test]
    fn owners_beyond_the_maximum_share_a_bucket() {
        let (table, now) = (BucketTable::new(2), Instant::now());
        let state: Vec<_> = (0..4).map(|key| table.of(key, now, full)).collect();
        assert_eq!(count(&table), 2);
        assert!(Arc::ptr_eq(&state[2], &state[3]));
        assert!(!Arc::ptr_eq(&state[0], &state[2]));
    }
}
