//! Where a lane runs. The lane of a file has a thread to itself, from taking the jobs to their
//! commit: each move to another thread would cost a small commit as much as some of its pages. The
//! lane of a server is an ordinary task.

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
    /// Returns a thread for SQLite, whose connections block, and a task for PostgreSQL.
    pub(crate) fn for_backend(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Thread,
            Backend::Postgres => Self::Task,
        }
    }

    /// Runs the work to its end, and counts its time like that of a task of `tasks` of this name. Dropping
    /// this future ends a task; a thread goes on.
    pub(crate) async fn run(
        self,
        (tasks, name): (Tasks, String),
        work: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> anyhow::Result<()> {
        match self {
            Self::Thread => {
                let runtime = Handle::current();
                let work = tasks.counted("storage", name, work);
                spawn_blocking(move || runtime.block_on(work)).await?
            }
            Self::Task => work.await,
        }
    }

    /// Waits for [`PAUSE`], for a task on some thread: the runtime's clock ticks once in a
    /// millisecond and its sleep ends on the tick after, so the pause would be one or two
    /// milliseconds by chance. If no thread is free it is. Dropping this future ends the waiting
    /// only.
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

    /// Publishes what was committed, on a thread of the runtime: waking callers from there needs no
    /// system call, and none of them takes the processor from the publishing thread.
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

/// The facts and answers of a batch that are being published.
pub(crate) struct Publish(Option<Task>);

impl Publish {
    /// Waits until all are published. The callers go first if they share a processor with this
    /// thread: what they send next may join the next batch.
    pub(crate) async fn finished(self) {
        if let Some(task) = self.0 {
            thread::yield_now();
            task.ended().await;
        }
    }
}
