//! Starts the program under test.

use crate::binary::{companion, parlor};
use std::collections::BTreeMap;
use std::process::Command;

/// The program and its limits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    /// A program other than `parlor`.
    pub(crate) program: Option<&'static str>,
    /// Limit of open files.
    pub(crate) descriptors: Option<u32>,
}

impl Launch {
    /// Returns the command with this environment and nothing else of the test's.
    pub(crate) fn command(&self, environment: &BTreeMap<String, String>) -> Command {
        let program = match self.program {
            Some(name) => companion(name),
            None => parlor().to_owned(),
        };
        let mut command = match self.descriptors {
            None => Command::new(program),
            Some(most) => {
                let mut limited = Command::new("sh");
                limited
                    .args(["-c", &format!("ulimit -n {most}; exec \"$0\"")])
                    .arg(program);
                limited
            }
        };
        command
            .env_clear()
            .envs(kept_environment())
            .envs(environment);
        command
    }
}

fn kept_environment() -> impl Iterator<Item = (String, String)> {
    ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
}
