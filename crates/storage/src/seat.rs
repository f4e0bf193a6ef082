//! Where a lane works. That of a file has a thread to itself, from the taking of the jobs to their
//! answers: each move to another thread would cost a small commit as much as some of its pages. That
//! of a server is a task like any other.

use std::future::Future;
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// A millisecond or less would end just before the next of a thousand jobs per second, and bring
/// nothing.
const MOMENT: Duration = Duration::from_micros(1_200);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Seat {
    Thread,
    Task,
}

impl Seat {
    /// Works here until the work is done. Dropping this ends a task; a thread goes on.
    pub(crate) async fn hold(
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
    pub(crate) async fn moment(self) {
        match self {
            Self::Thread => thread::sleep(MOMENT),
            Self::Task => {
                let asleep = spawn_blocking(|| thread::sleep(MOMENT));
                // Late, or at the end of the runtime: the lane goes on either way.
                let _ = tokio::time::timeout(MOMENT, asleep).await;
            }
        }
    }

    /// Lets those go first who wait for the answers, where they share a processor with a thread: what
    /// they ask for next is company for the next batch.
    pub(crate) fn give_way(self) {
        match self {
            Self::Thread => thread::yield_now(),
            Self::Task => {}
        }
    }
}
