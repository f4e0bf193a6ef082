//! Transactions and savepoints, through diesel's transaction managers only: they know when a
//! connection was left in the middle of one, and the pool then throws it away.

use crate::{Access as _, Connection, Reader, Writer};
use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager as Sync, SimpleConnection as _, TransactionManager,
};
use diesel_async::{
    AnsiTransactionManager as Async, TransactionManager as AsyncTransactionManager,
};

impl Reader<'_> {
    /// Opens the snapshot. On SQLite the connection refuses writes from here on, until a writer
    /// gets it.
    pub(crate) async fn begin(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => {
                c.batch_execute("PRAGMA query_only = ON")?;
                Sync::begin_transaction_sql(c, "BEGIN DEFERRED")
            }
            Connection::Postgres(c) => {
                let begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Async::begin_transaction_sql(c, begin).await
            }
        }
    }

    pub(crate) async fn end(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => Sync::commit_transaction(c),
            Connection::Postgres(c) => Async::commit_transaction(c).await,
        }
    }
}

impl Writer<'_> {
    /// Opens the transaction. Immediate on SQLite: a deferred one that turns to writing fails at
    /// once when another writer was faster, whatever the busy time-out.
    pub(crate) async fn begin(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => {
                c.batch_execute("PRAGMA query_only = OFF")?;
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

    /// Closes the innermost: releases a savepoint, commits the transaction.
    pub(crate) async fn keep(&mut self) -> QueryResult<()> {
        match self.connection() {
            Connection::Sqlite(c) => Sync::commit_transaction(c),
            Connection::Postgres(c) => Async::commit_transaction(c).await,
        }
    }

    /// Undoes the innermost, and forgets the facts that were stated in it.
    pub(crate) async fn undo(&mut self) -> QueryResult<()> {
        self.take_facts();
        match self.connection() {
            Connection::Sqlite(c) => Sync::rollback_transaction(c),
            Connection::Postgres(c) => Async::rollback_transaction(c).await,
        }
    }
}
