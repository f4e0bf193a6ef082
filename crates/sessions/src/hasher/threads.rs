//! The hashing threads: few, and of the lowest priority, so that a rush of logins does not take
//! processor time from chat.

use super::fair_queue::FairQueue;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The lowest priority of an ordinary thread.
#[cfg(target_os = "linux")]
const NICE: i32 = 19;
/// The assumed duration of a hash until one has been measured.
const GUESS: Duration = Duration::from_millis(50);
/// The shortest retry hint.
const RETRY_MIN: Duration = Duration::from_millis(500);

/// A work item: called with what happens to it, so that it can notify its caller. Dropped uncalled
/// if the threads end.
pub(super) type Work = Box<dyn FnOnce(Dispatch) + Send>;

/// What happens to a work item.
pub(super) enum Dispatch {
    /// It runs now.
    Now,
    /// Another client's item displaced it from the full queue.
    Displaced(QueueFull),
}

/// Threads that start on demand and end when this handle is dropped. Work still queued is dropped.
pub(super) struct Threads(Arc<Shared>);

struct Shared {
    threads_max: usize,
    waiting_max: usize,
    state: Mutex<State>,
    work_available: Condvar,
    /// The duration of a work item: a moving average in microseconds.
    average_us: AtomicU64,
}

struct State {
    queue: FairQueue<Work>,
    threads: usize,
    running: usize,
    closed: bool,
}

/// The queue is full; retry after this time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QueueFull {
    pub(super) retry_after: Duration,
}

impl Threads {
    /// Runs at most `threads_max` items at once and queues `waiting_max`; one client may have at
    /// most half of all.
    pub(super) fn new(threads_max: usize, waiting_max: usize) -> Self {
        let threads_max = threads_max.max(1);
        let places = threads_max.saturating_add(waiting_max);
        Self(Arc::new(Shared {
            threads_max,
            waiting_max,
            state: Mutex::new(State {
                queue: FairQueue::new((places / 2).max(1)),
                threads: 0,
                running: 0,
                closed: false,
            }),
            work_available: Condvar::new(),
            average_us: AtomicU64::new(u64::try_from(GUESS.as_micros()).unwrap_or(u64::MAX)),
        }))
    }

    /// Queues a work item for this client, possibly displacing another client's. If no thread can
    /// be started, all queued work is dropped.
    pub(super) fn submit(&self, client: &str, work: Work) -> Result<(), QueueFull> {
        let shared = &self.0;
        let mut state = shared.state();
        let places = shared.threads_max.saturating_add(shared.waiting_max);
        let room = places.saturating_sub(state.running);
        let full = shared.full(state.queue.len() + state.running);
        let Ok(displaced) = state.queue.push(client, work, room) else {
            return Err(full);
        };
        if state.threads < shared.threads_max && state.running + state.queue.len() > state.threads {
            shared.start_thread(&mut state);
        }
        drop(state);
        shared.work_available.notify_one();
        if let Some(displaced) = displaced {
            displaced(Dispatch::Displaced(full));
        }
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.work_available.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Returns the refusal, with the time until those waiting now are done.
    fn full(&self, waiting: usize) -> QueueFull {
        let average = Duration::from_micros(self.average_us.load(Ordering::Relaxed));
        let turns = u32::try_from(waiting / self.threads_max).unwrap_or(u32::MAX);
        let retry_after = average.saturating_mul(turns).max(RETRY_MIN);
        QueueFull { retry_after }
    }

    fn start_thread(self: &Arc<Self>, state: &mut State) {
        let shared = Arc::clone(self);
        let thread = std::thread::Builder::new().name("passwords".to_owned());
        match thread.spawn(move || shared.work()) {
            Ok(_) => state.threads += 1,
            Err(error) => {
                tracing::error!(%error, "could not start a password hashing thread");
                if state.threads == 0 {
                    while state.queue.pop().is_some() {}
                }
            }
        }
    }

    fn work(&self) {
        lower_priority();
        while let Some(work) = self.next() {
            let started = Instant::now();
            // A panic drops the sender, which tells the caller.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(Dispatch::Now)));
            self.record_duration(started.elapsed());
            self.state().running -= 1;
        }
    }

    /// Waits for work; returns `None` when the handle has been dropped.
    fn next(&self) -> Option<Work> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(work) = state.queue.pop() {
                state.running += 1;
                return Some(work);
            }
            self.work_available.wait(&mut state);
        }
    }

    fn record_duration(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let before = self.average_us.load(Ordering::Relaxed);
        let now = before - before / 8 + took / 8;
        self.average_us.store(now, Ordering::Relaxed);
    }
}

/// Gives this thread the lowest priority. Only Linux has a priority per thread; elsewhere the small
/// number of threads has to suffice.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::warn!(%error, "could not lower the priority of a password hashing thread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Work that blocks until the sender is dropped.
    fn held() -> (Work, mpsc::Sender<()>) {
        let (go, held) = mpsc::channel::<()>();
        let work = move |_| {
            let _ = held.recv();
        };
        (Box::new(work), go)
    }

    #[test]
    fn work_beyond_the_limits_is_refused() {
        let threads = Threads::new(1, 1);
        let (first, go) = held();
        threads.submit("a", first).unwrap();
        while threads.0.state().running == 0 {
            std::thread::yield_now();
        }
        threads.submit("b", Box::new(|_| {})).unwrap();
        let refused = threads.submit("c", Box::new(|_| {})).unwrap_err();
        assert!(refused.retry_after >= RETRY_MIN, "{refused:?}");
        assert_eq!(threads.0.state().threads, 1);
        drop(go);
    }

    #[test]
    fn displaced_work_is_notified() {
        let threads = Threads::new(1, 3);
        let (first, go) = held();
        threads.submit("a", first).unwrap();
        while threads.0.state().running == 0 {
            std::thread::yield_now();
        }
        let (sender, results) = mpsc::channel();
        let noting = |name: &'static str| -> Work {
            let sender = sender.clone();
            Box::new(move |dispatch| {
                sender
                    .send((name, matches!(dispatch, Dispatch::Now)))
                    .unwrap();
            })
        };
        threads.submit("a", noting("a1")).unwrap();
        threads.submit("a", noting("a2")).unwrap();
        threads.submit("b", noting("b1")).unwrap();
        threads.submit("c", noting("c1")).unwrap();
        assert_eq!(results.recv().unwrap(), ("a2", false));
        drop(go);
        let rest: Vec<_> = (0..3).map(|_| results.recv().unwrap()).collect();
        assert_eq!(rest, [("a1", true), ("b1", true), ("c1", true)]);
    }

    #[test]
    fn a_panic_affects_only_its_own_work() {
        let threads = Threads::new(1, 8);
        threads
            .submit("a", Box::new(|_| panic!("on purpose")))
            .unwrap();
        let (done, end) = mpsc::channel();
        let work = move |_| done.send(()).unwrap();
        threads.submit("a", Box::new(work)).unwrap();
        end.recv().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_threads_have_the_lowest_priority_and_the_process_keeps_its_own() {
        let own = rustix::process::getpriority_process(None).unwrap();
        let threads = Threads::new(1, 0);
        let (nice, known) = mpsc::channel();
        let work = move |_| {
            let own = rustix::thread::gettid();
            let found = rustix::process::getpriority_process(Some(own));
            nice.send(found.unwrap()).unwrap();
        };
        threads.submit("a", Box::new(work)).unwrap();
        assert_eq!(known.recv().unwrap(), NICE);
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), own);
    }

    #[test]
    fn the_threads_end_with_their_handle() {
        let threads = Threads::new(2, 8);
        let shared = Arc::clone(&threads.0);
        let (first, go) = held();
        threads.submit("a", first).unwrap();
        drop(threads);
        drop(go);
        while Arc::strong_count(&shared) > 1 {
            std::thread::yield_now();
        }
    }
}
