//! Why a copy failed.

use super::CopiedTable;
use crate::OpenError;

/// Why a copy failed. The source is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Source and target are the same database.
    #[error("source and target are the same database")]
    Same,
    /// The target has rows; nothing is ever overwritten.
    #[error("the target is not empty: {table} has rows")]
    NotEmpty {
        /// The first table that has any.
        table: &'static str,
    },
    /// The target is the unfinished copy of another source.
    #[error("the target is the unfinished copy of another source; drop it and start over")]
    OtherSource,
    /// The list of tables and the schema differ: rows would be left behind.
    #[error("this program does not know how to copy {0}")]
    Unlisted(String),
    /// The rows in the target are not those in the source.
    #[error(
        "{table} differs from the source{group}: it was changed between two runs; drop the target \
         and start over"
    )]
    Differs {
        /// The name of the first table that differs.
        table: &'static str,
        /// The condition that selects the first group that differs; empty for a table without
        /// groups.
        group: String,
    },
    /// A database failed; if the command is repeated, the copy continues.
    #[error("{table}: {error}; repeat the command to continue")]
    Database {
        /// The table that was being copied.
        table: &'static str,
        /// The error of the database.
        error: diesel::result::Error,
    },
    /// A database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A bug in this program.
    #[error("a bug: {0}")]
    Bug(String),
}

impl TransferError {
    pub(super) fn at(table: &CopiedTable) -> impl FnOnce(diesel::result::Error) -> Self {
        let table = table.name;
        move |error| Self::Database { table, error }
    }

    pub(super) fn of_state(error: diesel::result::Error) -> Self {
        Self::Database {
            table: "storage_meta",
            error,
        }
    }
}
