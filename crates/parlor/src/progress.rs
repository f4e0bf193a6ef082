//! Shows the progress of long work: one line that is rewritten on a terminal, elsewhere a line
//! every half minute.

use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// Interval on a terminal.
const TERMINAL_EVERY: Duration = Duration::from_millis(500);

/// Interval in a log.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// Runs the work and shows `line` at intervals meanwhile.
pub(crate) async fn show_while<T>(line: impl Fn() -> String, work: impl Future<Output = T>) -> T {
    let (every, write): (_, fn(&str)) = if std::io::stderr().is_terminal() {
        (TERMINAL_EVERY, rewrite)
    } else {
        (LOG_EVERY, print)
    };
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                write("");
                return done;
            }
            () = tokio::time::sleep(every) => write(&line()),
        }
    }
}

fn print(line: &str) {
    if !line.is_empty() {
        eprintln!("parlor: {line}");
    }
}

/// Replaces the previous line.
fn rewrite(line: &str) {
    let mut terminal = std::io::stderr();
    // Ignores a terminal that has closed.
    let _ = write!(terminal, "\r\x1b[K{line}").and_then(|()| terminal.flush());
}

/// Formats bytes as MiB with one decimal.
pub(crate) fn mib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{}", tenths / 10, tenths % 10)
}
