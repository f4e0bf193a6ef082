//! How far long work is: on a terminal one line that is written again and again, elsewhere a line now
//! and then.

use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// Often enough to see that something happens.
const EVERY: Duration = Duration::from_millis(500);

/// Seldom enough for a log.
const EVERY_IN_A_LOG: Duration = Duration::from_secs(30);

/// Carries out the work and shows the line meanwhile.
pub(crate) async fn shown<T>(line: impl Fn() -> String, work: impl Future<Output = T>) -> T {
    let (every, write): (_, fn(&str)) = if std::io::stderr().is_terminal() {
        (EVERY, rewrite)
    } else {
        (EVERY_IN_A_LOG, add)
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

fn add(line: &str) {
    if !line.is_empty() {
        eprintln!("parlor: {line}");
    }
}

/// In the place of the line before.
fn rewrite(line: &str) {
    let mut terminal = std::io::stderr();
    // A terminal that has gone misses nothing.
    let _ = write!(terminal, "\r\x1b[K{line}").and_then(|()| terminal.flush());
}

/// Bytes as people count them.
pub(crate) fn mib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{}", tenths / 10, tenths % 10)
}
