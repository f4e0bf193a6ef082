//! The fair gate in front of a pool.
//!
//! bb8 alone is unfair: under contention one caller gets thousands of turns while the median gets
//! one. At the gate callers queue in order, all waiting and holding callers are known exactly, and
//! the gate can be closed.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// What a connection is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcquireRequest {
    /// The name of a read, such as `rooms.read_log`, or of a batch's first job.
    pub(crate) operation: &'static str,
    pub(crate) purpose: Purpose,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    /// A batch of so many jobs, and the names of those that differ from the first, each once.
    Write {
        jobs: usize,
        others: Vec<&'static str>,
    },
}

impl AcquireRequest {
    pub(crate) fn read(operation: &'static str) -> Self {
        Self {
            operation,
            purpose: Purpose::Read,
        }
    }

    /// Returns the request of a batch of jobs with these names, in their order.
    pub(crate) fn write(mut names: impl Iterator<Item = &'static str>) -> Self {
        let operation = names.next().unwrap_or("storage.batch");
        let (mut jobs, mut others) = (1, Vec::new());
        for name in names {
            jobs += 1;
            if name != operation && !others.contains(&name) {
                others.push(name);
            }
        }
        Self {
            operation,
            purpose: Purpose::Write { jobs, others },
        }
    }

    /// Returns the subscriber: names of operations begin with it.
    pub(crate) fn subscriber(&self) -> &'static str {
        self.operation.split('.').next().unwrap_or_default()
    }

    /// Returns how many jobs the batch has; `None` for a read.
    pub(crate) fn jobs(&self) -> Option<usize> {
        match &self.purpose {
            Purpose::Read => None,
            Purpose::Write { jobs, .. } => Some(*jobs),
        }
    }

    /// Returns the names of the other jobs in the batch.
    pub(crate) fn others(&self) -> &[&'static str] {
        match &self.purpose {
            Purpose::Read => &[],
            Purpose::Write { others, .. } => others,
        }
    }

    fn writes(&self) -> bool {
        self.jobs().is_some()
    }
}

/// As many permits as connections; on SQLite one of them at a time for writing.
pub(crate) struct Gate {
    connections: Arc<Semaphore>,
    writing: Option<Arc<Semaphore>>,
    max: u32,
    waiting: Callers<()>,
    holders: Arc<Callers<AcquireRequest>>,
}

/// The right to one connection; returned when dropped.
pub(crate) struct Permit {
    _connection: OwnedSemaphorePermit,
    _writing: Option<OwnedSemaphorePermit>,
    _holder: CallerEntry<AcquireRequest, Arc<Callers<AcquireRequest>>>,
}

impl Gate {
    /// Returns the gate of a pool of `max` connections, where only one may write at a time if
    /// `one_writer`.
    pub(crate) fn new(max: u32, one_writer: bool) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(max as usize)),
            writing: one_writer.then(|| Arc::new(Semaphore::new(1))),
            max,
            waiting: Callers::default(),
            holders: Arc::default(),
        }
    }

    /// Waits in turn for a permit. Cancel-safe. Fails when the gate is closed.
    ///
    /// The permit to write comes first: a writer that waits for it holds no connection.
    pub(crate) async fn acquire(&self, request: AcquireRequest) -> Result<Permit, AcquireError> {
        let writing = match &self.writing {
            Some(writing) if request.writes() => Some(Arc::clone(writing).acquire_owned().await?),
            _ => None,
        };
        let connection = if let Ok(free) = Arc::clone(&self.connections).try_acquire_owned() {
            free
        } else {
            let _waiting = CallerEntry::add(&self.waiting, ());
            Arc::clone(&self.connections).acquire_owned().await?
        };
        Ok(Permit {
            _connection: connection,
            _writing: writing,
            _holder: CallerEntry::add(Arc::clone(&self.holders), request),
        })
    }

    /// Returns a permit to read, if one is free.
    pub(crate) fn try_acquire_read(&self, request: AcquireRequest) -> Option<Permit> {
        let connection = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        Some(Permit {
            _connection: connection,
            _writing: None,
            _holder: CallerEntry::add(Arc::clone(&self.holders), request),
        })
    }

    /// Waits until every permit is returned, then closes the gate. Returns false if some were not
    /// returned in time.
    pub(crate) async fn close(&self, within: Duration) -> bool {
        let all = self.connections.acquire_many(self.max);
        let all = tokio::time::timeout(within, all).await;
        let all_returned = all.is_ok();
        self.connections.close();
        drop(all);
        if let Some(writing) = &self.writing {
            writing.close();
        }
        all_returned
    }

    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    pub(crate) fn in_use(&self) -> usize {
        (self.max as usize).saturating_sub(self.connections.available_permits())
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.entries().len()
    }

    /// How long the first caller in the queue has been waiting.
    pub(crate) fn longest_wait(&self) -> Duration {
        let entries = self.waiting.entries();
        entries
            .first_key_value()
            .map_or(Duration::ZERO, |(_, ((), since))| since.elapsed())
    }

    /// Returns who holds permits, and for how long, the longest first.
    pub(crate) fn holders(&self) -> Vec<(AcquireRequest, Duration)> {
        let entries = self.holders.entries();
        entries
            .values()
            .map(|(request, since)| (request.clone(), since.elapsed()))
            .collect()
    }
}

/// Callers in the order of their arrival.
struct Callers<T> {
    tickets: AtomicU64,
    entries: Mutex<BTreeMap<u64, (T, Instant)>>,
}

impl<T> Default for Callers<T> {
    fn default() -> Self {
        Self {
            tickets: AtomicU64::default(),
            entries: Mutex::default(),
        }
    }
}

impl<T> Callers<T> {
    fn entries(&self) -> parking_lot::MutexGuard<'_, BTreeMap<u64, (T, Instant)>> {
        self.entries.lock()
    }
}

/// The entry of one caller, removed when dropped, also if the caller goes away early.
struct CallerEntry<T, B: Deref<Target = Callers<T>>> {
    callers: B,
    ticket: u64,
}

impl<T, B: Deref<Target = Callers<T>>> CallerEntry<T, B> {
    fn add(callers: B, who: T) -> Self {
        let ticket = callers.tickets.fetch_add(1, Ordering::Relaxed);
        callers.entries().insert(ticket, (who, Instant::now()));
        Self { callers, ticket }
    }
}

impl<T, B: Deref<Target = Callers<T>>> Drop for CallerEntry<T, B> {
    fn drop(&mut self) {
        self.callers.entries().remove(&self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::{AcquireRequest, Gate};
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;
    use parking_lot::Mutex;
    use std::time::Duration;

    const READ: AcquireRequest = AcquireRequest {
        operation: "rooms.read_log",
        purpose: super::Purpose::Read,
    };
    const WRITE: AcquireRequest = AcquireRequest {
        operation: "messaging.send",
        purpose: super::Purpose::Write {
            jobs: 3,
            others: Vec::new(),
        },
    };

    #[test]
    fn a_batch_names_each_of_its_operations_once() {
        let names = [
            "rooms.join",
            "messaging.send",
            "rooms.join",
            "messaging.send",
        ];
        let request = AcquireRequest::write(names.into_iter());
        assert_eq!((request.operation, request.jobs()), ("rooms.join", Some(4)));
        assert_eq!(request.others(), ["messaging.send"]);
    }

    #[tokio::test]
    async fn callers_are_served_in_turn() {
        let gate = Gate::new(1, false);
        let served = Mutex::new(Vec::new());
        let turns = (0..40).map(|turn| {
            let (gate, served) = (&gate, &served);
            async move {
                let caller = turn % 4;
                let _pass = gate.acquire(READ).await.unwrap();
                tokio::task::yield_now().await;
                served.lock().push(caller);
            }
        });
        join_all(turns).await;
        let expected: Vec<_> = (0..40).map(|turn| turn % 4).collect();
        assert_eq!(*served.lock(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_counted_exactly_also_when_a_caller_goes_away() {
        let gate = Gate::new(1, false);
        let permit = gate.acquire(READ).await.unwrap();
        assert_eq!((gate.in_use(), gate.waiting()), (1, 0));
        let mut first = Box::pin(gate.acquire(READ));
        let mut second = Box::pin(gate.acquire(READ));
        assert!((&mut first).now_or_never().is_none());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!((&mut second).now_or_never().is_none());
        assert_eq!(gate.waiting(), 2);
        assert_eq!(gate.longest_wait(), Duration::from_secs(2));
        drop(first);
        assert_eq!(gate.waiting(), 1);
        assert_eq!(gate.longest_wait(), Duration::ZERO);
        drop(permit);
        assert!(second.await.is_ok());
        assert_eq!((gate.in_use(), gate.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn a_waiting_writer_holds_no_connection() {
        let gate = Gate::new(2, true);
        let writing = gate.acquire(WRITE).await.unwrap();
        assert!(gate.acquire(WRITE).now_or_never().is_none());
        assert!(gate.acquire(READ).now_or_never().is_some());
        drop(writing);
        assert!(gate.acquire(WRITE).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_closed_gate_lets_those_inside_end_and_nobody_in() {
        let gate = Gate::new(2, true);
        let permit = gate.acquire(WRITE).await.unwrap();
        let mut closing = Box::pin(gate.close(Duration::from_secs(5)));
        assert!((&mut closing).now_or_never().is_none());
        drop(permit);
        closing.await;
        assert!(gate.acquire(READ).await.is_err());
        assert!(gate.acquire(WRITE).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_inside_is_known_until_the_pass_is_back() {
        let gate = Gate::new(2, true);
        let writing = gate.acquire(WRITE).await.unwrap();
        tokio::time::advance(Duration::from_secs(3)).await;
        let reading = gate.acquire(READ).await.unwrap();
        let three = Duration::from_secs(3);
        assert_eq!(gate.holders(), [(WRITE, three), (READ, Duration::ZERO)]);
        assert_eq!(WRITE.subscriber(), "messaging");
        drop(writing);
        assert_eq!(gate.holders(), [(READ, Duration::ZERO)]);
        drop(reading);
        assert!(gate.holders().is_empty());
    }
}
