//! What all scenarios ask for.

use crate::peer::Peer;
use crate::plan::Spell;
use clap::{Args, Command};
use std::path::PathBuf;

/// What they are on a command line that names none.
pub(crate) fn by_default<Options: Args>() -> Options {
    let nothing = Options::augment_args(Command::new("")).get_matches_from([""]);
    Options::from_arg_matches(&nothing).expect("each option has a default")
}

/// The server under load, started by the generator on a store of its own.
#[derive(clap::Args, Clone)]
pub(crate) struct ServerOptions {
    /// Which server.
    #[arg(long, value_enum, default_value = "parlor")]
    pub(crate) peer: Peer,
    /// Parlor's binary.
    #[arg(long, default_value = "target/release/parlor")]
    pub(crate) parlor: PathBuf,
    /// Where the peers are installed.
    #[arg(long, default_value = "bench/peers")]
    pub(crate) peers: PathBuf,
    /// `postgres://…` of an empty database; SQLite in a temporary folder without it.
    #[arg(long)]
    pub(crate) postgres: Option<String>,
    /// Where temporary stores are made: on a disk, not in memory, if commits are to cost anything.
    #[arg(long)]
    pub(crate) store: Option<PathBuf>,
    /// Leave server and generator where they are put; by default the server has the first processor
    /// for itself and the generator the second.
    #[arg(long)]
    pub(crate) unpinned: bool,
}

/// How long and with how many threads.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct LoadOptions {
    /// How long to measure, after a quarter of it of warming up.
    #[arg(long, default_value_t = 8)]
    pub(crate) seconds: u64,
    /// Threads of the generator.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
}

impl LoadOptions {
    pub(crate) fn spell(self) -> Spell {
        Spell::seconds(self.seconds)
    }
}
