//! Command-line options that all scenarios share.

use crate::peer::Peer;
use crate::plan::Timing;
use clap::{Args, Command};
use std::path::PathBuf;

/// Returns the defaults of these options.
pub(crate) fn defaults<Options: Args>() -> Options {
    let nothing = Options::augment_args(Command::new("")).get_matches_from([""]);
    Options::from_arg_matches(&nothing).expect("each option has a default")
}

/// The server under load, which the generator starts on a new store.
#[derive(clap::Args, Clone)]
pub(crate) struct ServerOptions {
    /// The server to measure.
    #[arg(long, value_enum, default_value = "parlor")]
    pub(crate) peer: Peer,
    /// Path of the Parlor binary.
    #[arg(long, default_value = "target/dist/parlor")]
    pub(crate) parlor: PathBuf,
    /// Directory where the other servers are installed.
    #[arg(long, default_value = "bench/peers")]
    pub(crate) peers: PathBuf,
    /// URL of an empty PostgreSQL database; without it, SQLite in a temporary folder.
    #[arg(long)]
    pub(crate) postgres: Option<String>,
    /// Parent of the temporary stores: use a disk, not memory, to measure the cost of commits.
    #[arg(long)]
    pub(crate) store: Option<PathBuf>,
    /// Do not pin processes; by default the server runs on the first processor and the generator on
    /// the second.
    #[arg(long)]
    pub(crate) unpinned: bool,
}

/// Duration and number of threads.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct LoadOptions {
    /// Seconds to measure, after a warm-up of a quarter of that.
    #[arg(long, default_value_t = 8)]
    pub(crate) seconds: u64,
    /// Number of generator threads.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
}

impl LoadOptions {
    pub(crate) fn timing(self) -> Timing {
        Timing::seconds(self.seconds)
    }
}
