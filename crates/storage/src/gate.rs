//! The fair gate in front of a pool.
//!
//! bb8 alone is unfair: under contention one caller gets thousands of turns while the median gets
//! one. Here callers queue in order, waiting is counted exactly, and closing is possible.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

/// As many passes as connections; on SQLite one of them at a time for writing.
pub(crate) struct Gate {
    connections: Arc<Semaphore>,
    writing: Option<Arc<Semaphore>>,
    max: u32,
    queue: Mutex<BTreeMap<u64, Instant>>,
    tickets: AtomicU64,
}

/// The right to one connection.
#[derive(Debug)]
pub(crate) struct Pass {
    _connection: OwnedSemaphorePermit,
    _writing: Option<OwnedSemaphorePermit>,
}

impl Gate {
    /// For a pool of `max` connections, where `one_writer` at a time may write.
    pub(crate) fn new(max: u32, one_writer: bool) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(max as usize)),
            writing: one_writer.then(|| Arc::new(Semaphore::new(1))),
            max,
            queue: Mutex::default(),
            tickets: AtomicU64::new(0),
        }
    }

    /// Waits in line. Cancel-safe. Fails when the gate is closed.
    ///
    /// The write permit comes first: a writer that waits for its turn holds no connection.
    pub(crate) async fn enter(&self, purpose: Purpose) -> Result<Pass, AcquireError> {
        let writing = match &self.writing {
            Some(writing) if purpose == Purpose::Write => {
                Some(Arc::clone(writing).acquire_owned().await?)
            }
            _ => None,
        };
        let connection = if let Ok(free) = Arc::clone(&self.connections).try_acquire_owned() {
            free
        } else {
            let _waiting = self.wait_in_line();
            Arc::clone(&self.connections).acquire_owned().await?
        };
        Ok(Pass {
            _connection: connection,
            _writing: writing,
        })
    }

    /// Waits until every pass is back, then lets nobody in any more.
    pub(crate) async fn close(&self, within: Duration) {
        let all = self.connections.acquire_many(self.max);
        let all = tokio::time::timeout(within, all).await;
        self.connections.close();
        drop(all);
        if let Some(writing) = &self.writing {
            writing.close();
        }
    }

    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    pub(crate) fn in_use(&self) -> usize {
        (self.max as usize).saturating_sub(self.connections.available_permits())
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lined_up().len()
    }

    /// How long the first in line has been waiting.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.lined_up()
            .first_key_value()
            .map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    fn wait_in_line(&self) -> Waiting<'_> {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        self.lined_up().insert(ticket, Instant::now());
        Waiting { gate: self, ticket }
    }

    fn lined_up(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one caller for as long as it waits, also when it goes away meanwhile.
struct Waiting<'g> {
    gate: &'g Gate,
    ticket: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.gate.lined_up().remove(&self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, Purpose};
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;
    use std::sync::Mutex;
    use std::time::Duration;

    #[tokio::test]
    async fn callers_are_served_in_turn() {
        let gate = Gate::new(1, false);
        let served = Mutex::new(Vec::new());
        let turns = (0..40).map(|turn| {
            let (gate, served) = (&gate, &served);
            async move {
                let caller = turn % 4;
                let _pass = gate.enter(Purpose::Read).await.unwrap();
                tokio::task::yield_now().await;
                served.lock().unwrap().push(caller);
            }
        });
        join_all(turns).await;
        let expected: Vec<_> = (0..40).map(|turn| turn % 4).collect();
        assert_eq!(*served.lock().unwrap(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_counted_exactly_also_when_a_caller_goes_away() {
        let gate = Gate::new(1, false);
        let pass = gate.enter(Purpose::Read).await.unwrap();
        assert_eq!((gate.in_use(), gate.waiting()), (1, 0));
        let mut first = Box::pin(gate.enter(Purpose::Read));
        let mut second = Box::pin(gate.enter(Purpose::Read));
        assert!((&mut first).now_or_never().is_none());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!((&mut second).now_or_never().is_none());
        assert_eq!(gate.waiting(), 2);
        assert_eq!(gate.longest_wait(), Duration::from_secs(2));
        drop(first);
        assert_eq!(gate.waiting(), 1);
        assert_eq!(gate.longest_wait(), Duration::ZERO);
        drop(pass);
        assert!(second.await.is_ok());
        assert_eq!((gate.in_use(), gate.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn a_waiting_writer_holds_no_connection() {
        let gate = Gate::new(2, true);
        let writing = gate.enter(Purpose::Write).await.unwrap();
        assert!(gate.enter(Purpose::Write).now_or_never().is_none());
        assert!(gate.enter(Purpose::Read).now_or_never().is_some());
        drop(writing);
        assert!(gate.enter(Purpose::Write).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_closed_gate_lets_those_inside_end_and_nobody_in() {
        let gate = Gate::new(2, true);
        let pass = gate.enter(Purpose::Write).await.unwrap();
        let mut closing = Box::pin(gate.close(Duration::from_secs(5)));
        assert!((&mut closing).now_or_never().is_none());
        drop(pass);
        closing.await;
        assert!(gate.enter(Purpose::Read).await.is_err());
        assert!(gate.enter(Purpose::Write).await.is_err());
    }
}
