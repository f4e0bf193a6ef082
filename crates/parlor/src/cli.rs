//! The command line.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  stopped on request, every accepted command answered and the store closed
  1  failed, or stopped with commands or the store left unfinished
  2  a setting or an argument is wrong
  3  another server is using the store
  4  the operating system failed to store data
  5  the file of the store was moved or replaced";

/// A chat server in one binary. Without a command it runs the server.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Settings file in TOML [default: parlor.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address for users [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Address for the operator: health, metrics, actions [default: 127.0.0.1:9090]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) operator_listen: Option<String>,
    /// Directory of the embedded database [default: data]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<String>,
    /// Sets any other setting by its TOML key; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The command to run
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands of the binary.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server (the default)
    Serve,
    /// Check the settings and report the first mistake
    CheckConfig,
    /// Print all settings with their defaults, as a commented TOML file
    DefaultConfig,
    /// List the events and requests of this server, with its extensions, and who handles them
    Events,
    /// Migrate the schemas of all databases
    Migrate,
    /// Copy the embedded store into a new file, also while a server runs on it
    Backup {
        /// The file to create; it must not exist
        file: PathBuf,
        /// The database to copy
        #[arg(long, value_name = "NAME", default_value = "core")]
        database: String,
    },
    /// Replace the embedded store by a backup, while no server runs on it
    Restore {
        /// The backup; it is not changed
        file: PathBuf,
        /// The database to replace
        #[arg(long, value_name = "NAME", default_value = "core")]
        database: String,
    },
    /// After a restore by other means: make all clients discard their cursors and reload
    NewEpoch {
        /// The database to give a new epoch
        #[arg(long, value_name = "NAME", default_value = "core")]
        database: String,
    },
    /// Copy all data into another, empty database, while no server runs on either
    Copy {
        /// The source [default: the configured database]
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// The target: sqlite:path or postgres://user:password@host:port/name [default, if there
        /// is a --from: the configured database]
        #[arg(long, value_name = "URL")]
        to: Option<String>,
        /// The database to copy
        #[arg(long, value_name = "NAME", default_value = "core")]
        database: String,
    },
    /// Change accounts; with SQLite only while no server runs
    #[command(subcommand)]
    Admin(Admin),
}

/// The changes that an operator can make to accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Make an account a server administrator: moderator of every public room
    Grant {
        /// The account's name
        name: String,
    },
    /// Delete an account for good; its messages stay, as by "deleted user"
    DeleteAccount {
        /// The account's name
        name: String,
    },
}
