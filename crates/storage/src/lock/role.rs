//! Who takes the lock on a store.

/// Who takes the lock on a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A server, which keeps it while it serves the store.
    Server,
    /// A migration, which waits for other migrations.
    Migration,
}
