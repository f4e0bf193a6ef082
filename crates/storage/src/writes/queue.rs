//! What waits for a lane, in the order of coming. Bounded by the credits that its jobs hold.

use super::queued_job::BoxJob;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Most jobs of one batch that share locks with other lanes: those wait until it is committed.
const LOCKING_MAX: usize = 16;

/// Many hand over, one takes.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<QueueState>,
    bell: Notify,
}

#[derive(Default)]
struct QueueState {
    jobs: VecDeque<BoxJob>,
    /// When the first of those came that were taken last and are not all answered.
    in_hand: Option<Instant>,
    closed: bool,
}

impl Queue {
    /// Hands over a job; gives it back when the queue is closed.
    pub(crate) fn push(&self, job: BoxJob) -> Result<(), BoxJob> {
        {
            let mut state = self.state();
            if state.closed {
                return Err(job);
            }
            state.jobs.push_back(job);
        }
        self.bell.notify_one();
        Ok(())
    }

    /// Takes nothing new. What is there stays.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.bell.notify_one();
    }

    /// Takes nothing new and lets go of what is there; how many.
    pub(crate) fn end(&self) -> usize {
        self.close();
        // Not dropped under the lock: askers are told.
        let left = std::mem::take(&mut self.state().jobs);
        let count = left.len();
        drop(left);
        count
    }

    /// Waits for jobs and takes so many. None: it is closed and empty. Cancel-safe.
    pub(crate) async fn take(&self, max: usize) -> Vec<BoxJob> {
        loop {
            let mut jobs = Vec::new();
            if self.take_more(&mut jobs, max) > 0 || self.state().closed {
                return jobs;
            }
            self.bell.notified().await;
        }
    }

    /// Takes what there is besides, up to so many in all, at most [`LOCKING_MAX`] of them with locks;
    /// how many.
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
        state.in_hand = jobs.first().map(|job| job.came());
        more
    }

    /// What was taken is answered.
    pub(crate) fn done(&self) {
        self.state().in_hand = None;
    }

    /// Takes those out of turn that meet a state.
    pub(crate) fn take_out(&self, which: impl Fn(&BoxJob) -> bool) -> Vec<BoxJob> {
        let mut state = self.state();
        let jobs = std::mem::take(&mut state.jobs);
        let (out, stay): (Vec<_>, Vec<_>) = jobs.into_iter().partition(which);
        state.jobs = stay.into();
        out
    }

    /// When the first came that somebody waits for.
    pub(crate) fn first_attended(&self) -> Option<Instant> {
        let state = self.state();
        let mut attended = state.jobs.iter().filter(|job| job.is_attended());
        attended.next().map(|job| job.came())
    }

    /// When the oldest came that is not answered.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        let state = self.state();
        let first = state.jobs.front().map(|job| job.came());
        state.in_hand.or(first)
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
