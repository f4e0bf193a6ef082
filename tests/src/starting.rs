//! A server that does not listen yet.

use crate::launch::Launch;
use crate::process::Process;
use crate::server::Exit;
use std::collections::BTreeMap;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// A starting server. Killed when dropped.
#[derive(Debug)]
pub struct Starting(Process);

impl Starting {
    pub(crate) fn with(environment: &BTreeMap<String, String>) -> Self {
        Self(Process::spawn(Launch::default().command(environment)))
    }

    /// Waits for a log line that contains this text.
    pub async fn logged(&self, text: &str) {
        let found = |line: &str| line.contains(text).then_some(());
        let found = self.0.line(LONG, found).await;
        found.unwrap_or_else(|| panic!("no log line contains {text:?}"));
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        self.0.signal(name);
    }

    /// Waits for the process to end.
    pub async fn ended(&self) -> Exit {
        let status = self.0.ended(LONG).await.expect("it stops in time");
        Exit {
            code: status.code(),
            lines: self.0.lines(),
        }
    }
}
