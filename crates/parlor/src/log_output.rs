//! LogOutput on their way to standard error: whoever logs never waits for whoever reads.
//!
//! They pass through a bounded queue to a thread of their own. When nobody reads, the pipe and then
//! the queue fill up, and further lines are left out; how many is said once all others are written.
//! A process that ends gives its last words a moment, and then goes without.

use crate::log_rate_limit;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// LogOutput that may wait; a megabyte or two. One more is left out.
const QUEUE: usize = 8192;

/// The log says at most this late how many lines were left out.
const LOOK_UP: Duration = Duration::from_secs(1);

/// What the last words may take.
const FINAL_TIMEOUT: Duration = Duration::from_millis(500);

static LOG_OUTPUT: OnceLock<LogOutput> = OnceLock::new();

/// The near end of the queue. A cheap handle.
#[derive(Clone)]
pub(crate) struct LogOutput {
    queue: SyncSender<Item>,
    left_out: Arc<AtomicU64>,
}

enum Item {
    Line(Vec<u8>),
    /// Says when all before it is written.
    Mark(SyncSender<()>),
}

/// The one way to standard error from now on.
pub(crate) fn start() -> LogOutput {
    LOG_OUTPUT
        .get_or_init(|| LogOutput::to(io::stderr()))
        .clone()
}

/// Waits a moment until everything has been written.
pub(crate) fn flush() {
    if let Some(lines) = LOG_OUTPUT.get() {
        log_rate_limit::report_all();
        lines.flush(FINAL_TIMEOUT);
    }
}

/// Says what the process ends with.
pub(crate) fn write_final(text: &str) {
    match LOG_OUTPUT.get() {
        Some(lines) => {
            lines.put(format!("{text}\n").into_bytes());
            lines.flush(FINAL_TIMEOUT);
        }
        None => eprintln!("{text}"),
    }
}

impl LogOutput {
    fn to(target: impl Write + Send + 'static) -> Self {
        let (queue, items) = sync_channel(QUEUE);
        let left_out = Arc::new(AtomicU64::new(0));
        let missing = Arc::clone(&left_out);
        let thread = std::thread::Builder::new().name("log".to_owned());
        let carrier = thread.spawn(move || carry(&items, &missing, target));
        carrier.expect("a process that starts may have a thread");
        Self { queue, left_out }
    }

    fn put(&self, line: Vec<u8>) {
        if self.queue.try_send(Item::Line(line)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self, within: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Item::Mark(done)).is_ok() {
            // Nobody reads: then it goes without.
            let _ = written.recv_timeout(within);
        }
    }
}

fn carry(items: &Receiver<Item>, left_out: &AtomicU64, mut target: impl Write) {
    loop {
        let item = match items.try_recv() {
            Ok(item) => item,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {
                tell_what_is_missing(left_out);
                log_rate_limit::report();
                match next(items) {
                    Ok(item) => item,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        match item {
            // Without a standard error there is nobody to tell.
            Item::Line(line) => drop(target.write_all(&line)),
            Item::Mark(done) => drop(done.send(())),
        }
    }
}

/// The next item; looks up now and then while something may have to be told.
fn next(items: &Receiver<Item>) -> Result<Item, RecvTimeoutError> {
    if log_rate_limit::has_suppressed() {
        return items.recv_timeout(LOOK_UP);
    }
    items.recv().map_err(|_| RecvTimeoutError::Disconnected)
}

/// The queue is empty, so that this line has a place in it.
fn tell_what_is_missing(left_out: &AtomicU64) {
    let lines = left_out.swap(0, Ordering::Relaxed);
    if lines > 0 {
        tracing::warn!(lines, "lines of the log were left out: nobody read them");
    }
}

/// Takes a line as a whole, as the log gives it.
impl Write for LogOutput {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogOutput {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn whoever_logs_never_waits_for_whoever_reads() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut lines = LogOutput::to(writer);
        let line = vec![b'x'; 1024];
        // More than the pipe and the queue hold: this would never end if it waited.
        for _ in 0..QUEUE * 2 {
            lines.write_all(&line).unwrap();
        }
        assert!(lines.left_out.load(Ordering::Relaxed) > 0);
        lines.flush(Duration::from_millis(1));
        drop(lines);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert!(read.len() >= QUEUE * line.len(), "what had a place arrives");
    }

    #[test]
    fn a_flush_ends_when_all_is_written() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut lines = LogOutput::to(writer);
        lines.write_all(b"a line\n").unwrap();
        lines.flush(LONG);
        let mut read = [0; 7];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"a line\n");
    }
}
