//! Where a lane works. That of a file has a thread to itself, from the taking of the jobs to their
//! commit: each move to another thread would cost a small commit as much as some of its pages. That of a
//! server is a task like any other.

use crate::Backend;
use bus::{Task, Tasks};
use std::future::Future;
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// A millisecond or less would end just before the next of a thousand jobs per second, and bring
/// nothing.
const PAUSE: Duration = Duration::from_micros(1_200);

#[derive(Debug, Clone, Copy)]
pub(crate) enum LaneExecutor {
    Thread,
    Task,
}

impl LaneExecutor {
    /// SQLite's connections block, so they need a thread.
    pub(crate) fn for_backend(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Thread,
            Backend::Postgres => Self::Task,
        }
    }

    /// Works here until the work is done. Dropping this ends a task; a thread goes on.
    pub(crate) async fn run(
        self,
        work: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> anyhow::Result<()> {
        match self {
            Self::Thread => {
                let runtime = Handle::current();
                spawn_blocking(move || runtime.block_on(work)).await?
            }
            Self::Task => work.await,
        }
    }

    /// Waits a moment, on some thread if it has none: the runtime's clock ticks once in a millisecond
    /// and its sleep ends on the tick after, so that its moments would be one or two milliseconds, by
    /// chance. Where no thread is free that is what it comes to. Dropping this ends the waiting only.
    pub(crate) async fn pause(self) {
        match self {
            Self::Thread => thread::sleep(PAUSE),
            Self::Task => {
                let asleep = spawn_blocking(|| thread::sleep(PAUSE));
                // Late, or at the end of the runtime: the lane goes on either way.
                let _ = tokio::time::timeout(PAUSE, asleep).await;
            }
        }
    }

    /// Tells what was committed, on a thread of the runtime: there it takes no system call to wake those
    /// who are told, and none of them takes the processor from the telling.
    pub(crate) fn publish(self, tasks: &Tasks, publish: impl FnOnce() + Send + 'static) -> Publish {
        match self {
            Self::Thread => Publish(Some(tasks.once("storage", "answers", async { publish() }))),
            Self::Task => {
                publish();
                Publish(None)
            }
        }
    }
}

/// Those who wait for what was committed are being told.
pub(crate) struct Publish(Option<Task>);

impl Publish {
    /// Waits until all are. They go first where they share a processor with a thread: what they ask for
    /// next is company for the next batch.
    pub(crate) async fn finished(self) {
        if let Some(task) = self.0 {
            thread::yield_now();
            task.ended().await;
        }
    }
}
