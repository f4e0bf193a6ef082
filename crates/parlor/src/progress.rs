//! How far long work is: one line that is written again and again, on a terminal and nowhere else.

use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// Often enough to see that something happens.
const EVERY: Duration = Duration::from_millis(500);

/// Carries out the work and shows the line meanwhile.
pub(crate) async fn shown<T>(line: impl Fn() -> String, work: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                write("");
                return done;
            }
            () = tokio::time::sleep(EVERY) => write(&line()),
        }
    }
}

/// In the place of the line before.
fn write(line: &str) {
    let mut terminal = std::io::stderr();
    // A terminal that has gone misses nothing.
    let _ = write!(terminal, "\r\x1b[K{line}").and_then(|()| terminal.flush());
}

/// Bytes as people count them.
pub(crate) fn mib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{}", tenths / 10, tenths % 10)
}
