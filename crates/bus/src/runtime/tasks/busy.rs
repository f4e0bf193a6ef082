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
    turns: Mutex<Vec<Turn>>,
}

/// Where a live task notes since when it has been running.
struct Turn {
    owner: &'static str,
    name: Cow<'static, str>,
    /// Nanoseconds from the start, 0 while it does not run.
    since: Weak<AtomicU64>,
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
        let since = Arc::new(AtomicU64::new(0));
        let mut turns = self.turns.lock();
        turns.retain(|turn| turn.since.strong_count() > 0);
        turns.push(Turn {
            owner,
            name,
            since: Arc::downgrade(&since),
        });
        drop(turns);
        Measured {
            start: self.start,
            spent: Arc::clone(self.spent.lock().entry(owner).or_default()),
            since,
            work: Box::pin(work),
        }
    }

    /// Returns the time spent so far, by owner.
    pub(super) fn spent(&self) -> BTreeMap<&'static str, Duration> {
        let spent = self.spent.lock();
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
            let since = turn.since.upgrade()?.load(Relaxed);
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

/// Work whose time is measured.
pub(super) struct Measured<F> {
    start: Instant,
    spent: Arc<AtomicU64>,
    since: Arc<AtomicU64>,
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let began = nanos(self.start);
        self.since.store(began, Relaxed);
        let polled = self.work.as_mut().poll(cx);
        self.since.store(0, Relaxed);
        self.spent.fetch_add(nanos(self.start) - began, Relaxed);
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
        };
        let measured = busy.measure("karma", "loop".into(), work);
        assert!(measured.now_or_never().is_some());
        let seen = seen.lock();
        assert_eq!((seen[0].owner, &*seen[0].name), ("karma", "loop"));
        assert!(seen[0].held >= WHILE);
        assert!(busy.holding(Duration::ZERO).is_empty(), "it has ended");
    }
}
