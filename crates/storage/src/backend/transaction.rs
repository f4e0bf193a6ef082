//! Transactions and savepoints, through diesel's transaction managers only: they know when a
//! connection was left in the middle of one, and the pool then discards it.

use crate::{Access as _, Connection, Reader, Writer};
use diesel::connection::{
    AnsiTransactionManager as Sync, SimpleConnection as _, TransactionManager,
};
use diesel::result::Error;
use diesel::{QueryResult, SqliteConnection};
use diesel_async::{
    AnsiTransactionManager as Async, TransactionManager as AsyncTransactionManager,
};

impl Reader<'_> {
    /// Opens the snapshot.
    pub(crate) async fn begin(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => {
                refuse_writes(c, true)?;
                Sync::begin_transaction_sql(c, "BEGIN DEFERRED")
            }
            Connection::Postgres(c) => {
                let begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Async::begin_transaction_sql(c, begin).await
            }
        }
    }

    /// Closes the snapshot; it is always rolled back.
    pub(crate) async fn end(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => Sync::rollback_transaction(c),
            Connection::Postgres(c) => Async::rollback_transaction(c).await,
        }
    }
}

/// Makes the connection refuse writes in debug builds: a read that writes is a bug. In release
/// builds this would cost more than most reads, since the pragma makes the connection prepare all
/// its statements again.
pub(crate) fn refuse_writes(connection: &mut SqliteConnection, refuse: bool) -> QueryResult<()> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    let mode = if refuse { "ON" } else { "OFF" };
    connection.batch_execute(&format!("PRAGMA query_only = {mode}"))
}

impl Writer<'_> {
    /// Opens the transaction. Immediate on SQLite: a deferred one that turns to writing fails at
    /// once if another writer was faster, whatever the busy timeout.
    pub(crate) async fn begin(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => {
                refuse_writes(c, false)?;
                Sync::begin_transaction_sql(c, "BEGIN IMMEDIATE")
            }
            Connection::Postgres(c) => {
                let begin = "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE";
                Async::begin_transaction_sql(c, begin).await
            }
        }
    }

    /// Opens a savepoint inside the transaction.
    pub(crate) async fn savepoint(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => Sync::begin_transaction(c),
            Connection::Postgres(c) => Async::begin_transaction(c).await,
        }
    }

    /// Ends the innermost: releases a savepoint, commits a transaction.
    pub(crate) async fn commit(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => Sync::commit_transaction(c),
            Connection::Postgres(c) => Async::commit_transaction(c).await,
        }
    }

    /// Rolls back the savepoint, if there is one, and the transaction: the connection is clean
    /// again.
    pub(crate) async fn rollback_all(&mut self) -> QueryResult<()> {
        match self.rollback().await {
            // There was no savepoint.
            Ok(()) => match self.rollback().await {
                Err(Error::NotInTransaction) => Ok(()),
                ended => ended,
            },
            Err(error) => Err(error),
        }
    }

    /// Rolls back the innermost, and drops the facts that were stated in it.
    pub(crate) async fn rollback(&mut self) -> QueryResult<()> {
        self.take_facts();
        match self.connection() {
            Connection::Sqlite(c) => Sync::rollback_transaction(c),
            Connection::Postgres(c) => Async::rollback_transaction(c).await,
        }
    }
}
