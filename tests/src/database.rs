//! Access to the database beside the server, to inspect it or to disturb it.

use crate::store::{Kind, Store};
use diesel::connection::SimpleConnection as _;
use diesel::query_builder::SqlQuery;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Connection as _, QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use fixtures::Postgres;
use std::path::Path;

/// A connection of the test to the database.
pub enum Sql {
    /// A connection to the SQLite file.
    Sqlite(Box<SqliteConnection>),
    /// A connection to this test's PostgreSQL database.
    Postgres(Box<AsyncPgConnection>),
}

/// A stored entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct Stored {
    /// The room's key.
    #[diesel(sql_type = Text)]
    pub room: String,
    /// The entry's `seq`.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// The message's `cid`; `None` for other entries.
    #[diesel(sql_type = Nullable<Text>)]
    pub cid: Option<String>,
    /// The message's text; `None` for other entries.
    #[diesel(sql_type = Nullable<Text>)]
    pub body: Option<String>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Sql {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests look at the database beside the server"
    )]
    pub(crate) fn sqlite(file: &Path) -> Self {
        let path = file.to_str().expect("the path is text");
        let mut connection = SqliteConnection::establish(path).expect("the file can be opened");
        connection
            .batch_execute("PRAGMA busy_timeout = 10000")
            .expect("a pragma can be set");
        Self::Sqlite(Box::new(connection))
    }

    /// Creates a new SQLite file.
    #[must_use]
    pub fn create(file: &Path) -> Self {
        Self::sqlite(file)
    }

    /// Connects to a PostgreSQL database, without TLS.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests look at the database beside the server"
    )]
    pub async fn postgres(url: &str) -> Self {
        let connection = AsyncPgConnection::establish(url).await;
        Self::Postgres(Box::new(connection.expect("PostgreSQL can be reached")))
    }

    /// Runs a statement in the database that the server's superuser connects to.
    pub(crate) async fn administer(statement: &str) {
        Self::postgres(&Postgres::shared().url("postgres"))
            .await
            .run(statement)
            .await;
    }

    /// Runs statements.
    pub async fn run(&mut self, statements: &str) {
        let done = match self {
            Self::Sqlite(connection) => connection.batch_execute(statements),
            Self::Postgres(connection) => connection.batch_execute(statements).await,
        };
        done.unwrap_or_else(|why| panic!("{statements}: {why}"));
    }

    /// Returns the number of rows of a table; 0 if the table does not exist.
    pub async fn count(&mut self, table: &str) -> i64 {
        let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
        self.counted(query).await.unwrap_or(0)
    }

    /// Returns the column `count` of a query.
    pub async fn number(&mut self, statement: &str) -> i64 {
        let number = self.counted(diesel::sql_query(statement)).await;
        number.unwrap_or_else(|why| panic!("{statement}: {why}"))
    }

    async fn counted(&mut self, query: SqlQuery) -> QueryResult<i64> {
        let row: Count = match self {
            Self::Sqlite(connection) => query.get_result(connection.as_mut()),
            Self::Postgres(connection) => {
                diesel_async::RunQueryDsl::get_result(query, connection.as_mut()).await
            }
        }?;
        Ok(row.count)
    }

    /// Returns every entry of every room, by room and `seq`.
    pub async fn entries(&mut self) -> Vec<Stored> {
        let query = diesel::sql_query(ENTRIES);
        match self {
            Self::Sqlite(connection) => query.load(connection.as_mut()),
            Self::Postgres(connection) => {
                diesel_async::RunQueryDsl::load(query, connection.as_mut()).await
            }
        }
        .expect("the log can be read")
    }
}

const ENTRIES: &str = "SELECT r.key AS room, e.seq AS seq, e.cid AS cid, e.body AS body \
    FROM entries e JOIN rooms r ON r.id = e.room_id ORDER BY r.key, e.seq";

/// Counting this far takes SQLite longer than any caller waits.
const LONG_COUNT: &str = "
    CREATE VIEW long_count AS WITH RECURSIVE n(i) AS
        (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000000) SELECT count(*) AS c FROM n;
    CREATE TRIGGER snag AFTER INSERT ON entries WHEN NEW.cid = 'held'
        BEGIN SELECT c FROM long_count; END;";

/// Three statements of 1.6 s each, since one may take at most 2 s: at the head, the entry and the
/// commit.
const LONG_SLEEPS: &str = "
    CREATE FUNCTION snag() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(1.6); RETURN NEW; END $$;
    CREATE TRIGGER snag_head AFTER UPDATE ON rooms FOR EACH ROW EXECUTE FUNCTION snag();
    CREATE TRIGGER snag_entry AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION snag();
    CREATE CONSTRAINT TRIGGER snag_commit AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION snag();";

/// Makes storing the message with the cid `held` take longer than its caller waits.
pub async fn snag(store: &Store) {
    let sql = match store.kind() {
        Kind::Sqlite => LONG_COUNT,
        Kind::Postgres => LONG_SLEEPS,
    };
    store.sql().await.run(sql).await;
}

/// Undoes [`snag`].
pub async fn unsnag(store: &Store) {
    let sql = match store.kind() {
        Kind::Sqlite => "DROP TRIGGER snag; DROP VIEW long_count;",
        Kind::Postgres => "DROP FUNCTION snag() CASCADE;",
    };
    store.sql().await.run(sql).await;
}

/// Prevents the server from committing until dropped.
#[must_use]
pub struct Hold {
    store: Store,
    _lock: Option<Sql>,
}

impl Hold {
    /// Takes SQLite's write lock, or silences the link to PostgreSQL.
    pub async fn of(store: &Store) -> Self {
        let lock = match store.kind() {
            Kind::Sqlite => {
                let mut sql = store.sql().await;
                sql.run("BEGIN IMMEDIATE").await;
                Some(sql)
            }
            Kind::Postgres => {
                store.link().deafen();
                None
            }
        };
        Self {
            store: store.clone(),
            _lock: lock,
        }
    }

    /// Lets the server commit again.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.store.kind() == Kind::Postgres {
            self.store.link().open();
        }
    }
}
