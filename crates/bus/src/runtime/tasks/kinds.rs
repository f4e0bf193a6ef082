//! The kinds of task: once, essential, restarting, periodic, delayed.

use super::record::TaskRecord;
use super::{Task, Tasks};
use crate::runtime::backoff::Backoff;
use crate::runtime::panics::caught;
use rand::Rng;
use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// After running this long a task has its back-off reset.
const STABLE_AFTER: Duration = Duration::from_secs(60);

impl Tasks {
    /// Spawns a task that ends by itself. A panic in it is logged and has no other effect.
    pub fn once<F>(&self, owner: &'static str, name: impl Into<Cow<'static, str>>, work: F) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn(owner, name.into(), false, |_| work)
    }

    /// Spawns a task without which the server must not run: its end, for any reason, starts the
    /// shutdown.
    pub fn essential<F>(
        &self,
        owner: &'static str,
        name: impl Into<Cow<'static, str>>,
        work: F,
    ) -> Task
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (stop, guard) = (self.stop.clone(), self.stop.clone().drop_guard());
        self.spawn(owner, name.into(), false, |record| async move {
            // Starts the shutdown however the task ends, even if it is cancelled.
            let _guard = guard;
            if let Err(error) = outcome(work).await {
                tracing::error!(
                    owner,
                    name = record.name(),
                    error,
                    "an essential task failed: stopping the server"
                );
            } else if !stop.is_cancelled() {
                tracing::info!(
                    owner,
                    name = record.name(),
                    "an essential task ended: stopping the server"
                );
            }
        })
    }

    /// Spawns a task that is restarted, with back-off, when it fails or panics.
    pub fn restarting<M, F>(
        &self,
        owner: &'static str,
        name: impl Into<Cow<'static, str>>,
        mut make: M,
    ) -> Task
    where
        M: FnMut() -> F + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.spawn(owner, name.into(), false, |record| async move {
            let mut backoff = Backoff::new();
            loop {
                let began = Instant::now();
                let Err(error) = outcome(async { make().await }).await else {
                    return;
                };
                if began.elapsed() >= STABLE_AFTER {
                    backoff.reset();
                }
                let pause = backoff.pause();
                failed(&record, &error, "a task failed and will be restarted");
                wait(&record, pause).await;
                record.count_restart();
            }
        })
    }

    /// Spawns a task that calls `make` every `every` ± `jitter` (a fraction, 0.0 to 1.0), the first
    /// time after one such pause, one call at a time. A failed call is logged and counted.
    pub fn periodic<M, F>(
        &self,
        owner: &'static str,
        name: impl Into<Cow<'static, str>>,
        every: Duration,
        jitter: f64,
        mut make: M,
    ) -> Task
    where
        M: FnMut() -> F + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.spawn(owner, name.into(), true, |record| async move {
            loop {
                wait(&record, jittered(every, jitter)).await;
                if let Err(error) = outcome(async { make().await }).await {
                    failed(&record, &error, "a periodic task failed");
                    record.count_restart();
                }
            }
        })
    }

    /// Spawns a task that begins after a delay, unless it is cancelled before.
    pub fn delayed<F>(
        &self,
        owner: &'static str,
        name: impl Into<Cow<'static, str>>,
        after: Duration,
        work: F,
    ) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn(owner, name.into(), true, |record| async move {
            wait(&record, after).await;
            record.clear_timer();
            work.await;
        })
    }
}

/// Returns an error or a panic as text.
async fn outcome(work: impl Future<Output = anyhow::Result<()>>) -> Result<(), String> {
    caught(work).await?.map_err(|error| format!("{error:#}"))
}

fn failed(record: &TaskRecord, error: &str, what: &'static str) {
    tracing::error!(
        owner = record.owner(),
        name = record.name(),
        error,
        "{what}"
    );
    record.record_failure(error);
}

async fn wait(record: &TaskRecord, pause: Duration) {
    record.set_waiting();
    sleep(pause).await;
    record.set_running();
}

fn jittered(every: Duration, jitter: f64) -> Duration {
    let jitter = jitter.clamp(0.0, 1.0);
    every.mul_f64(1.0 + rand::rng().random_range(-jitter..=jitter))
}
