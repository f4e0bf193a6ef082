//! Why a database did not open.

use super::StorageError;

/// Why a database did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server holds this store.
    #[error("{store} is in use by {holder}")]
    Locked {
        /// The path of the file, or the name of the database.
        store: String,
        /// Who holds it, as far as that can be found out.
        holder: String,
    },
    /// The file or database belongs to another application, is damaged, is newer than this binary,
    /// or cannot hold a store; or its server lets nobody in: waiting helps in none of these cases.
    #[error("{store} cannot be used: {why}")]
    Unusable {
        /// The path of the file, or the name of the database.
        store: String,
        /// What is wrong with it.
        why: String,
    },
    /// A migration failed; the old schema is unchanged.
    #[error("migrating {store} failed: {why}")]
    Migration {
        /// The path of the file, or the name of the database.
        store: String,
        /// What went wrong.
        why: String,
    },
    /// The database cannot be reached.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl OpenError {
    /// Whether the database may open later although nobody does anything.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Storage(StorageError::Unavailable { .. }))
    }
}
