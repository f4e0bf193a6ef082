//! The kinds of task: once, essential, restarting, periodic, delayed.

use super::record::Record;
use super::{Task, Tasks};
use crate::runtime::backoff::Backoff;
use crate::runtime::panics::caught;
use rand::Rng;
use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A task that ran this long before it failed is restarted as after a first failure.
const HELD_OUT: Duration = Duration::from_secs(60);

impl Tasks {
    /// A task that ends by itself; a panic is logged once and nothing else happens.
    pub fn once<F>(&self, owner: &'static str, name: impl Into<Cow<'static, str>>, work: F) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn(owner, name.into(), false, |_| work)
    }

    /// A task without which the server must not go on: its end, however it comes, starts the
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
        let (stop, at_the_end) = (self.stop.clone(), self.stop.clone().drop_guard());
        self.spawn(owner, name.into(), false, |record| async move {
            // However it ends, by being cancelled too.
            let _at_the_end = at_the_end;
            if let Err(error) = outcome(work).await {
                tracing::error!(
                    owner,
                    name = record.name(),
                    error,
                    "an essential task failed"
                );
            } else if !stop.is_cancelled() {
                tracing::info!(owner, name = record.name(), "an essential task has ended");
            }
        })
    }

    /// A task that is made again, with back-off, when it fails or panics.
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
                if began.elapsed() >= HELD_OUT {
                    backoff.reset();
                }
                let pause = backoff.pause();
                failed(&record, &error, "a task failed and will be restarted");
                rest(&record, pause).await;
                record.is_restarted();
            }
        })
    }

    /// Calls `make` every `every` ± `jitter` (a share, 0.0 to 1.0), for the first time after one
    /// such pause; one call at a time. A failed call is logged and counted; the next comes all the
    /// same.
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
                rest(&record, jittered(every, jitter)).await;
                if let Err(error) = outcome(async { make().await }).await {
                    failed(&record, &error, "a periodic task failed");
                    record.is_restarted();
                }
            }
        })
    }

    /// A task that begins after a delay, unless it was cancelled before.
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
            rest(&record, after).await;
            record.is_no_timer_any_more();
            work.await;
        })
    }
}

/// Failure and panic alike, as text.
async fn outcome(work: impl Future<Output = anyhow::Result<()>>) -> Result<(), String> {
    caught(work).await?.map_err(|error| format!("{error:#}"))
}

fn failed(record: &Record, error: &str, what: &'static str) {
    tracing::error!(
        owner = record.owner(),
        name = record.name(),
        error,
        "{what}"
    );
    record.has_failed(error);
}

async fn rest(record: &Record, pause: Duration) {
    record.is_waiting();
    sleep(pause).await;
    record.is_running();
}

fn jittered(every: Duration, jitter: f64) -> Duration {
    let jitter = jitter.clamp(0.0, 1.0);
    every.mul_f64(1.0 + rand::rng().random_range(-jitter..=jitter))
}
