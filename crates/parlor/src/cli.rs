//! The command line.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  stopped as asked, everything said and stored
  1  failed, or stopped before everything was done
  2  a setting or an argument is wrong
  3  the store is in use by another server";

/// A chat server in one binary; without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Settings in TOML [default: parlor.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where people connect [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Where the operator looks [default: 127.0.0.1:9090]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) operator_listen: Option<String>,
    /// Where the embedded database lives [default: data]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<String>,
    /// Any other setting, by its TOML key; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve (the default)
    Serve,
    /// Check the settings, say what is wrong, and end
    CheckConfig,
    /// Print all settings with their defaults, as a commented TOML file
    DefaultConfig,
    /// Bring the databases' schemas up to date, and end
    Migrate,
    /// Copy the embedded store into a new file, also while a server serves it
    Backup {
        /// The file to make; it must not exist
        file: PathBuf,
    },
    /// Put a backup in the place of the embedded store, while no server runs
    Restore {
        /// The backup; it stays as it is
        file: PathBuf,
    },
    /// After a restore by other means: tell all clients to begin anew
    NewEpoch,
    /// Copy everything into another, empty database, while no server runs on either
    Copy {
        /// Where it is [default: where core is]
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Where it shall be: sqlite:path or postgres://user:password@host:port/name
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// What the operator does to the data; with SQLite, while no server runs
    #[command(subcommand)]
    Admin(Admin),
}

/// What the operator does to the data.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Make an account a server administrator: moderator of every public room
    Grant {
        /// The account's name
        name: String,
    },
    /// Delete an account for good; what it wrote stays, as by "deleted user"
    DeleteAccount {
        /// The account's name
        name: String,
    },
}
