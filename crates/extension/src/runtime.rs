//! The runtime of an extension, on which everything of it runs.

use rustix::process::{Pid, setpriority_process};
use std::convert::Infallible;
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// The lowest priority: these threads get what chat leaves of the processors, and always a little.
const NICE: i32 = 19;

/// Enough that an extension answers while one of its parts blocks its thread.
const THREADS: usize = 2;

/// Threads for blocking work, such as the writes and the reads of its database in a file.
const BLOCKING_THREADS: usize = 16;

/// How often whoever waits for code of extensions hears that it has not ended.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// The runtime of one extension. Its threads have the lowest priority, so that it cannot take a processor
/// from chat, whatever it does; and they are its own, so that it cannot keep others from running.
pub struct ExtensionRuntime(Option<Runtime>);

impl ExtensionRuntime {
    /// Starts its threads, which are called like the extension.
    pub fn start(extension: &'static str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name(extension)
            .on_thread_start(lower_priority)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Returns its handle, for [`bus::Tasks::on`].
    #[must_use]
    pub fn handle(&self) -> Handle {
        let runtime = self.0.as_ref().expect("it runs until it is dropped");
        runtime.handle().clone()
    }
}

impl ExtensionRuntime {
    /// Runs code of extensions on a thread of its own and waits for it. The thread has the lowest priority,
    /// as those have that it starts, and this runtime is the current one: a task that the code spawns by
    /// itself runs here. As long as it takes, calls `still_running` every ten seconds.
    pub fn run<T: Send>(
        &self,
        work: impl FnOnce() -> T + Send,
        still_running: impl Fn(),
    ) -> io::Result<T> {
        let handle = self.handle();
        let working = move || {
            lower_priority();
            let _current = handle.enter();
            work()
        };
        thread::scope(|scope| {
            let (alive, ended) = mpsc::channel::<Infallible>();
            let thread = thread::Builder::new().name("extension".to_owned());
            let thread = thread.spawn_scoped(scope, move || {
                let _alive = alive;
                working()
            })?;
            while ended.recv_timeout(REPORT_EVERY) == Err(RecvTimeoutError::Timeout) {
                still_running();
            }
            Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }
}

impl Drop for ExtensionRuntime {
    /// Does not wait: a thread that an extension holds ends with the process.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lowers the priority of the calling thread. On Linux a priority is the thread's own.
fn lower_priority() {
    let this_thread: Option<Pid> = None;
    if let Err(error) = setpriority_process(this_thread, NICE) {
        tracing::warn!(%error, "cannot lower the priority of a thread for extensions");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;
    use tokio_util::sync::CancellationToken;

    #[test]
    fn its_threads_have_the_lowest_priority_and_others_keep_theirs() {
        let runtime = ExtensionRuntime::start("karma").unwrap();
        let (sender, receiver) = mpsc::channel();
        let before = getpriority_process(None).unwrap();
        let on_runtime = bus::Tasks::new(CancellationToken::default()).on(runtime.handle());
        on_runtime.once("test", "priority", async move {
            sender.send(getpriority_process(None).unwrap()).unwrap();
        });
        assert_eq!(receiver.recv().unwrap(), NICE);
        assert_eq!(getpriority_process(None).unwrap(), before);
    }

    #[test]
    fn what_is_made_there_has_the_lowest_priority_and_spawns_there() {
        let runtime = ExtensionRuntime::start("karma").unwrap();
        let before = getpriority_process(None).unwrap();
        let making = || {
            let own = getpriority_process(None).unwrap();
            let started = thread::spawn(|| getpriority_process(None).unwrap());
            let current = Handle::current().id();
            (own, started.join().unwrap(), current)
        };
        let (own, started, current) = runtime.run(making, || ()).unwrap();
        assert_eq!((own, started), (NICE, NICE));
        assert_eq!(current, runtime.handle().id());
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
