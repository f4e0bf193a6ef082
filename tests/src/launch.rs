//! How the program under test is started.

use crate::binary::{companion, parlor};
use std::collections::BTreeMap;
use std::process::Command;

/// Which program, and what it may have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    /// Another one than `parlor`.
    pub(crate) program: Option<&'static str>,
    /// It may have so many files open.
    pub(crate) descriptors: Option<u32>,
}

impl Launch {
    /// The program in this environment, and in nothing else of ours.
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
