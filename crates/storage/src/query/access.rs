//! What a query runs on: a reader inside a snapshot, or a writer inside a lane's transaction.

use bus::{Bus, Event, Origin};
use diesel::SqliteConnection;
use diesel_async::AsyncPgConnection;

/// The kind of database behind a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite: embedded, one file.
    Sqlite,
    /// PostgreSQL: a server.
    Postgres,
}

impl Backend {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A borrowed connection. The SQLite side is synchronous: a piece of work runs as a whole on a
/// blocking thread, where nothing ever waits; moving to a thread for each statement would cost
/// three times as much.
pub enum Connection<'c> {
    /// The synchronous connection of diesel.
    Sqlite(&'c mut SqliteConnection),
    /// The asynchronous connection of diesel-async.
    Postgres(&'c mut AsyncPgConnection),
}

/// What can be read from: a [`Reader`] or a [`Writer`].
pub trait Access: Send {
    /// Returns the connection, for [`crate::query!`].
    fn connection(&mut self) -> Connection<'_>;

    /// Returns the kind of database, for the few places where SQL truly differs.
    fn backend(&mut self) -> Backend {
        match self.connection() {
            Connection::Sqlite(_) => Backend::Sqlite,
            Connection::Postgres(_) => Backend::Postgres,
        }
    }
}

/// Reads in one read-only snapshot; the database itself refuses writes through it.
pub struct Reader<'c> {
    connection: Connection<'c>,
}

/// Reads and writes inside a lane's transaction.
pub struct Writer<'c> {
    connection: Connection<'c>,
    facts: Vec<Fact>,
}

/// A stated fact: publishes itself once its transaction has committed.
pub(crate) type Fact = Box<dyn FnOnce(&Bus, &Origin) + Send>;

impl Access for Reader<'_> {
    fn connection(&mut self) -> Connection<'_> {
        reborrow(&mut self.connection)
    }
}

impl Access for Writer<'_> {
    fn connection(&mut self) -> Connection<'_> {
        reborrow(&mut self.connection)
    }
}

impl<'c> Reader<'c> {
    pub(crate) fn new(connection: Connection<'c>) -> Self {
        Self { connection }
    }
}

impl<'c> Writer<'c> {
    pub(crate) fn new(connection: Connection<'c>) -> Self {
        Self {
            connection,
            facts: Vec::new(),
        }
    }

    /// Returns the connection, for [`crate::statement!`].
    pub fn writable(&mut self) -> Connection<'_> {
        reborrow(&mut self.connection)
    }

    /// States a fact. It is published once this transaction has committed, before any answer and
    /// before the lane's next batch; never, if the job is rolled back. Its origin is that of the
    /// job, or of all jobs of the set.
    pub fn state<E: Event>(&mut self, fact: E) {
        self.facts
            .push(Box::new(move |bus, origin| bus.publish_from(origin, fact)));
    }

    pub(crate) fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }
}

fn reborrow<'a>(connection: &'a mut Connection<'_>) -> Connection<'a> {
    match connection {
        Connection::Sqlite(c) => Connection::Sqlite(c),
        Connection::Postgres(c) => Connection::Postgres(c),
    }
}
