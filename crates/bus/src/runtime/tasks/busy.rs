//! How much time the tasks on another runtime take, and which of them hold their thread.

use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The times of all tasks of one runtime.
pub(super) struct Busy {
    start: Instant,
    /// Nanoseconds spent, by owner.
    spent: Mutex<BTreeMap<&'static str, Arc<AtomicU64>>>,
    /// What runs now, of the tasks that live.
    turns: Mutex<Vec<TaskTurn>>,
}

/// Where a live task notes since when it has been running.
struct TaskTurn {
    owner: &'static str,
    name: Cow<'static, str>,
    times: Weak<TurnTimes>,
}

/// Times of a task in nanoseconds from the start, 0 while it does not run.
#[derive(Default)]
struct TurnTimes {
    /// Since when it has been running.
    since: AtomicU64,
    /// Up to when that has been counted.
    counted: AtomicU64,
}

/// A task that runs without a pause, and holds its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldThread {
    /// The owner of the task.
    pub owner: &'static str,
    /// The name of the task.
    pub name: Cow<'static, str>,
    /// For how long so far.
    pub held: Duration,
}

impl Busy {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            spent: Mutex::default(),
            turns: Mutex::default(),
        })
    }

    /// Measures the time that this work takes.
    pub(super) fn measure<F: Future>(
        self: &Arc<Self>,
        owner: &'static str,
        name: Cow<'static, str>,
        work: F,
    ) -> Measured<F> {
        let times = Arc::<TurnTimes>::default();
        let mut turns = self.turns.lock();
        turns.retain(|turn| turn.times.strong_count() > 0);
        turns.push(TaskTurn {
            owner,
            name,
            times: Arc::downgrade(&times),
        });
        drop(turns);
        Measured {
            start: self.start,
            spent: Arc::clone(self.spent.lock().entry(owner).or_default()),
            times,
            work: Box::pin(work),
        }
    }

    /// Returns the time spent so far, by owner. What runs now counts, too: it may never end.
    pub(super) fn spent(&self) -> BTreeMap<&'static str, Duration> {
        let turns = self.turns.lock();
        let running = turns
            .iter()
            .filter_map(|turn| Some((turn.owner, turn.times.upgrade()?)));
        let running: Vec<_> = running.collect();
        drop(turns);
        let spent = self.spent.lock();
        for (owner, times) in running {
            if let Some(spent) = spent.get(owner) {
                spent.fetch_add(times.count(nanos(self.start)), Relaxed);
            }
        }
        let spent = spent.iter();
        spent
            .map(|(owner, ns)| (*owner, Duration::from_nanos(ns.load(Relaxed))))
            .collect()
    }

    /// Returns the tasks that have been running for longer than this.
    pub(super) fn holding(&self, longer_than: Duration) -> Vec<HeldThread> {
        let now = nanos(self.start);
        let turns = self.turns.lock();
        let held = turns.iter().filter_map(|turn| {
            let since = turn.times.upgrade()?.since.load(Relaxed);
            let held = Duration::from_nanos(now.saturating_sub(since));
            (since > 0 && held > longer_than).then(|| HeldThread {
                owner: turn.owner,
                name: turn.name.clone(),
                held,
            })
        });
        held.collect()
    }
}

impl TurnTimes {
    fn begin(&self, now: u64) {
        self.since.store(now, Relaxed);
        self.counted.store(now, Relaxed);
    }

    /// Returns the time that has not been counted yet; from now on it has.
    fn count(&self, now: u64) -> u64 {
        let counted = self.counted.load(Relaxed);
        if counted == 0 || counted >= now {
            return 0;
        }
        let exchanged = self
            .counted
            .compare_exchange(counted, now, Relaxed, Relaxed);
        exchanged.map_or(0, |counted| now - counted)
    }

    /// Ends the turn; returns the time that has not been counted yet.
    fn end(&self, now: u64) -> u64 {
        self.since.store(0, Relaxed);
        now.saturating_sub(self.counted.swap(0, Relaxed))
    }
}

/// Work whose time is measured.
pub(super) struct Measured<F> {
    start: Instant,
    spent: Arc<AtomicU64>,
    times: Arc<TurnTimes>,
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.times.begin(nanos(self.start));
        let polled = self.work.as_mut().poll(cx);
        let left = self.times.end(nanos(self.start));
        self.spent.fetch_add(left, Relaxed);
        polled
    }
}

/// Returns the nanoseconds since then, at least 1.
fn nanos(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::future::pending;
    use std::thread;

    const WHILE: Duration = Duration::from_millis(20);

    #[test]
    fn time_counts_for_the_owner_while_work_runs_and_not_while_it_waits() {
        let busy = Busy::new();
        let work = async {
            thread::sleep(WHILE);
            pending::<()>().await;
        };
        let mut measured = busy.measure("karma", "task".into(), work);
        assert!((&mut measured).now_or_never().is_none());
        thread::sleep(WHILE * 5);
        let spent = busy.spent()["karma"];
        assert!(spent >= WHILE && spent < WHILE * 5, "{spent:?}");
        assert!(busy.holding(Duration::ZERO).is_empty());
    }

    #[test]
    fn work_that_does_not_pause_is_named() {
        let busy = Busy::new();
        let (inside, seen) = (Arc::clone(&busy), Arc::new(Mutex::new(Vec::new())));
        let found = Arc::clone(&seen);
        let work = async move {
            thread::sleep(WHILE);
            *found.lock() = inside.holding(WHILE / 2);
            let spent = inside.spent()["karma"];
            assert!(spent >= WHILE, "it counts before it ends: {spent:?}");
            assert!(inside.spent()["karma"] < spent * 2, "it counts once");
        };
        let measured = busy.measure("karma", "loop".into(), work);
        assert!(measured.now_or_never().is_some());
        let seen = seen.lock();
        assert_eq!((seen[0].owner, &*seen[0].name), ("karma", "loop"));
        assert!(seen[0].held >= WHILE);
        assert!(busy.holding(Duration::ZERO).is_empty(), "it has ended");
    }
}
