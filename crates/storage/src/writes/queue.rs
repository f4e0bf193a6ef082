//! The jobs that wait for a lane, in the order of their arrival. Bounded by the credits that the
//! jobs hold.

use super::queued_job::BoxJob;
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Most jobs of one batch that share locks with other lanes: those lanes wait until it is
/// committed.
const LOCKING_MAX: usize = 16;

/// A queue with many senders and one receiver.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<QueueState>,
    wakeup: Notify,
}

#[derive(Default)]
struct QueueState {
    jobs: VecDeque<BoxJob>,
    /// When the first of the jobs in hand was queued: those that were taken last and are not all
    /// answered.
    in_hand: Option<Instant>,
    closed: bool,
}

impl Queue {
    /// Queues a job; gives it back if the queue is closed.
    pub(crate) fn push(&self, job: BoxJob) -> Result<(), BoxJob> {
        {
            let mut state = self.state();
            if state.closed {
                return Err(job);
            }
            state.jobs.push_back(job);
        }
        self.wakeup.notify_one();
        Ok(())
    }

    /// Closes the queue; the jobs in it stay.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.wakeup.notify_one();
    }

    /// Closes the queue and drops the jobs in it; returns how many.
    pub(crate) fn end(&self) -> usize {
        self.close();
        // Not dropped under the lock: their callers are answered.
        let left = std::mem::take(&mut self.state().jobs);
        let count = left.len();
        drop(left);
        count
    }

    /// Waits for jobs and takes at most `max`. Returns none once the queue is closed and empty.
    /// Cancel-safe.
    pub(crate) async fn take(&self, max: usize) -> Vec<BoxJob> {
        loop {
            let mut jobs = Vec::new();
            if self.take_more(&mut jobs, max) > 0 || self.state().closed {
                return jobs;
            }
            self.wakeup.notified().await;
        }
    }

    /// Adds queued jobs up to `max` in all, at most [`LOCKING_MAX`] of them with locks; returns how
    /// many were added.
    pub(crate) fn take_more(&self, jobs: &mut Vec<BoxJob>, max: usize) -> usize {
        let mut state = self.state();
        let mut locking = jobs.iter().filter(|job| job.has_locks()).count();
        let fits = |job: &&BoxJob| {
            locking += usize::from(job.has_locks());
            locking <= LOCKING_MAX
        };
        let room = max.saturating_sub(jobs.len());
        let more = state.jobs.iter().take(room).take_while(fits).count();
        jobs.extend(state.jobs.drain(..more));
        state.in_hand = jobs.first().map(|job| job.queued_at());
        more
    }

    /// Notes that all jobs in hand are answered.
    pub(crate) fn done(&self) {
        self.state().in_hand = None;
    }

    /// Takes the jobs out of turn that `which` selects.
    pub(crate) fn take_out(&self, which: impl Fn(&BoxJob) -> bool) -> Vec<BoxJob> {
        let mut state = self.state();
        let jobs = std::mem::take(&mut state.jobs);
        let (out, stay): (Vec<_>, Vec<_>) = jobs.into_iter().partition(which);
        state.jobs = stay.into();
        out
    }

    /// Returns when the first job that has a caller was queued.
    pub(crate) fn first_with_caller(&self) -> Option<Instant> {
        let state = self.state();
        let mut with_callers = state.jobs.iter().filter(|job| job.has_caller());
        with_callers.next().map(|job| job.queued_at())
    }

    /// Returns when the oldest job that is not answered was queued.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        let state = self.state();
        let first = state.jobs.front().map(|job| job.queued_at());
        state.in_hand.or(first)
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock()
    }
}
