//! Why a copy did not come about.

use super::Table;
use crate::OpenError;

/// Why a copy did not come about, or broke off. The source is as it was.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Source and target are one.
    #[error("source and target are the same database")]
    Same,
    /// Nothing is ever overwritten.
    #[error("the target is not empty: {table} has rows")]
    NotEmpty {
        /// The first table that has any.
        table: &'static str,
    },
    /// The target is the unfinished copy of something else.
    #[error("the target is the unfinished copy of another source; drop it and begin anew")]
    OtherSource,
    /// The list and the schema differ: rows would be left behind.
    #[error("this program does not know how to copy {0}")]
    Unlisted(String),
    /// What was copied is not what is there.
    #[error(
        "{table} differs from the source{group}: it was changed between two runs; drop the target \
         and begin anew"
    )]
    Differs {
        /// Which table.
        table: &'static str,
        /// In which group, if it has groups.
        group: String,
    },
    /// A database failed; repeated, the copy goes on where it broke off.
    #[error("{table}: {error}; repeat the command, it goes on where it broke off")]
    Database {
        /// What was being copied.
        table: &'static str,
        /// Why not.
        error: diesel::result::Error,
    },
    /// A database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is our fault.
    #[error("a bug: {0}")]
    Bug(String),
}

impl TransferError {
    pub(super) fn at(table: &Table) -> impl FnOnce(diesel::result::Error) -> Self {
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
