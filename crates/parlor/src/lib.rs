//! The server as a library: the core, and a list of extensions.
//!
//! A team's binary depends on this crate and on the crates of its extensions:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     parlor::Server::standard().run()
//! }
//! ```
//!
//! That is all of the binary `parlor` too. [`Server::run`] is the command line with all its commands
//! (`serve`, `check-config`, `migrate`, …), which know the extensions. What belongs to the process is
//! touched only there: the environment, signals, the log, the panic hook, the exit.
//! [`Server::start`] runs a server inside a test, or several in one process.
//!
//! The feature `jemalloc` replaces the global allocator, as in what Parlor ships.

mod admin;
mod app;
mod backup;
mod build_flags;
mod cli;
mod command_line;
mod config;
mod copy;
mod events;
#[cfg(test)]
mod events_documented;
mod exit;
mod extensions;
mod log_output;
mod log_rate_limit;
mod logging;
mod memory;
mod metrics;
mod migrate;
mod new_epoch;
mod notify;
pub mod prelude;
mod progress;
mod restore;
mod running_server;
mod schema;
mod serve;
mod server;
mod signals;
mod sources;
mod standard;
mod starting;
mod stop;
mod store_files;
mod store_folders;
#[cfg(feature = "testing")]
pub mod testing;
mod traces;
mod watchdog;

pub use running_server::RunningServer;
pub use server::{Server, ServerError};
