//! How a database goes about a statement: for tests that keep it from reading whole tables.

use diesel::connection::SimpleConnection as _;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryBuilder as _, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteConnection, SqliteQueryBuilder};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _};
use std::convert::Infallible;
use storage::kit::Store;
use storage::{Backend, Connection, Fault, Job, JobError, LaneKey, Writer};

const SCHEMA: [&str; 8] = [
    include_str!("../../../../migrations/core/sqlite/2026-11-20-000001_store/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-20-000002_sessions/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-20-000003_rooms/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-21-000005_retention/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-29-000006_messages/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-30-000007_people/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-30-000008_one_against_others/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-30-000009_large_rooms/up.sql"),
];

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps of SQLite's plan, a line each, on empty tables whose sizes it does not know.
pub(crate) fn of(statement: &impl QueryFragment<Sqlite>) -> String {
    let mut text = SqliteQueryBuilder::new();
    statement.to_sql(&mut text, &Sqlite).unwrap();
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    for part in SCHEMA {
        connection.batch_execute(part).unwrap();
    }
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {}", text.finish()))
        .load(&mut connection)
        .unwrap();
    let lines: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
    lines.join("\n")
}

/// A statement, to be explained.
struct Explained<Q>(Q);

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explained<Q> {
    type SqlType = Text;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN (COSTS OFF) ");
        self.0.walk_ast(out.reborrow())
    }
}

/// A room of 5,000 with a log of 20,000 entries, and 2,000 rooms beside it: enough for PostgreSQL to
/// find an index worth its while.
const LARGE: &str = "
    INSERT INTO rooms (key, title, topic, kind, history, head, created_at, creator)
        SELECT 'room-' || n, '', '', 1, 1, 10, 1, '\\x01' FROM generate_series(1, 2000) n;
    INSERT INTO members (room_id, user_id, role, joined_seq, may_own)
        SELECT 1, decode(lpad(to_hex(n), 32, '0'), 'hex'), CASE WHEN n < 3 THEN 3 ELSE 1 END, n, n % 2 = 0
        FROM generate_series(1, 5000) n;
    INSERT INTO members (room_id, user_id, role, joined_seq)
        SELECT n, decode(lpad(to_hex(n), 32, '0'), 'hex'), 3, 1 FROM generate_series(2, 2000) n;
    INSERT INTO entries (room_id, seq, kind, author_id, at, cid, body, subject_id)
        SELECT 1, n, CASE WHEN n % 4 = 0 THEN 1 ELSE 5 + n % 2 END, '\\x01', n, 'c' || n, 'x',
            CASE WHEN n % 4 = 0 THEN NULL ELSE decode(lpad(to_hex(n % 50), 32, '0'), 'hex') END
        FROM generate_series(1, 20000) n;
    INSERT INTO room_ages (room_id, oldest_at) SELECT n, n FROM generate_series(1, 2000) n;
    ANALYZE;";

/// Explains statements on a large store. `None`: the tests run on SQLite, where [`of`] tells.
pub(crate) async fn on_postgres<Q>(
    statement: impl Fn() -> Q + Send + Sync + 'static,
) -> Option<String>
where
    Q: QueryFragment<Pg> + Send + 'static,
{
    let store = Store::new().await;
    let plan = store.run(Explaining(statement)).await.expect("no refusal");
    store.close().await;
    plan
}

struct Explaining<F>(F);

impl<F, Q> Job for Explaining<F>
where
    F: Fn() -> Q + Send + Sync + 'static,
    Q: QueryFragment<Pg> + Send + 'static,
{
    const NAME: &'static str = "rooms.test_explain";
    type Answer = Option<String>;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(1)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Option<String>, JobError<Infallible>> {
        Ok(explain(tx, &self.0).await?)
    }
}

async fn explain<Q>(
    tx: &mut Writer<'_>,
    statement: &(impl Fn() -> Q + Sync),
) -> Result<Option<String>, Fault>
where
    Q: QueryFragment<Pg> + Send + 'static,
{
    use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
    use storage::Access as _;
    if tx.backend() == Backend::Sqlite {
        return Ok(None);
    }
    let Connection::Postgres(c) = tx.writable() else {
        return Ok(None);
    };
    c.batch_execute(LARGE).await?;
    let lines: Vec<String> = Explained(statement()).load(c).await?;
    Ok(Some(lines.join("\n")))
}
