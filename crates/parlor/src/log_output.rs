//! Writes log lines to standard error without ever blocking the caller.
//!
//! Lines pass through a bounded queue to a writer thread. If nothing reads standard error, the pipe
//! and then the queue fill up and further lines are dropped; their number is logged once the queue
//! is empty again. A process that exits waits briefly for its final lines to be written.

use crate::log_rate_limit;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may be queued, a megabyte or two; further ones are dropped.
const QUEUE_LINES: usize = 8192;

/// How often the writer thread checks for suppressed lines to report.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Time limit for writing the final lines.
const FINAL_TIMEOUT: Duration = Duration::from_millis(500);

static LOG_OUTPUT: OnceLock<LogOutput> = OnceLock::new();

/// The sending end of the queue; cheap to clone.
#[derive(Clone)]
pub(crate) struct LogOutput {
    queue: SyncSender<Item>,
    dropped: Arc<AtomicU64>,
}

enum Item {
    Line(Vec<u8>),
    /// Is answered when all lines before it are written.
    Flush(SyncSender<()>),
}

/// Returns the log output, which starts its writer thread on the first call.
pub(crate) fn start() -> LogOutput {
    LOG_OUTPUT
        .get_or_init(|| LogOutput::to(io::stderr()))
        .clone()
}

/// Waits until everything has been written, at most half a second.
pub(crate) fn flush() {
    if let Some(lines) = LOG_OUTPUT.get() {
        log_rate_limit::report_all();
        lines.flush(FINAL_TIMEOUT);
    }
}

/// Writes the last line of the process and waits until it is written, at most half a second.
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
        let (queue, items) = sync_channel(QUEUE_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        let thread = std::thread::Builder::new().name("log".to_owned());
        let writer = thread.spawn(move || write_lines(&items, &counter, target));
        writer.expect("a starting process can create a thread");
        Self { queue, dropped }
    }

    fn put(&self, line: Vec<u8>) {
        if self.queue.try_send(Item::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self, within: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Item::Flush(done)).is_ok() {
            // Times out if nothing reads standard error.
            let _ = written.recv_timeout(within);
        }
    }
}

fn write_lines(items: &Receiver<Item>, dropped: &AtomicU64, mut target: impl Write) {
    loop {
        let item = match items.try_recv() {
            Ok(item) => item,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {
                report_dropped(dropped);
                log_rate_limit::report();
                match next(items) {
                    Ok(item) => item,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        match item {
            // If standard error is closed, there is nowhere to report it.
            Item::Line(line) => drop(target.write_all(&line)),
            Item::Flush(done) => drop(done.send(())),
        }
    }
}

/// Waits for the next item; times out while suppressed lines are still to be reported.
fn next(items: &Receiver<Item>) -> Result<Item, RecvTimeoutError> {
    if log_rate_limit::has_suppressed() {
        return items.recv_timeout(REPORT_EVERY);
    }
    items.recv().map_err(|_| RecvTimeoutError::Disconnected)
}

/// Logs the number of dropped lines; called when the queue is empty, so that this line fits.
fn report_dropped(dropped: &AtomicU64) {
    let lines = dropped.swap(0, Ordering::Relaxed);
    if lines > 0 {
        tracing::warn!(
            lines,
            "dropped log lines: nothing was reading standard error"
        );
    }
}

/// Expects one whole line per call, as the log layer writes it.
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
        for _ in 0..QUEUE_LINES * 2 {
            lines.write_all(&line).unwrap();
        }
        assert!(lines.dropped.load(Ordering::Relaxed) > 0);
        lines.flush(Duration::from_millis(1));
        drop(lines);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert!(
            read.len() >= QUEUE_LINES * line.len(),
            "queued lines arrive"
        );
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
