//! How the database runs the statements of a piece of work, and how long each takes.

use super::Store;
use crate::{Access as _, Backend, Connection, Fault, Job, JobError, LaneKey, Writer};
use diesel::QueryableByName;
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection as _};
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long filling the tables may take: hundreds of thousands of rows on a busy machine.
const FILL_MAX: Duration = Duration::from_secs(300);

/// Characters of a statement that are shown: a list of rows fills pages.
const SHOWN_MAX: usize = 240;

/// One statement as it was run.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The text of the statement, with placeholders.
    pub sql: String,
    /// The database's plan for it, one step per line.
    pub plan: String,
    /// The time from sending the statement to its end.
    pub took: Duration,
}

impl Statement {
    /// Returns the tables that the statement scans from end to end, by their aliases. A list of
    /// rows ([`crate::list::Rows`]) does not count.
    #[must_use]
    pub fn scans(&self) -> Vec<&str> {
        self.plan.lines().filter_map(scanned).collect()
    }

    /// Whether the statement sorts rows instead of reading them in the order of an index.
    #[must_use]
    pub fn sorts(&self) -> bool {
        let is_sort = |line: &str| line.contains("TEMP B-TREE") || line.contains("Sort");
        self.plan.lines().any(is_sort)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.sql.char_indices().nth(SHOWN_MAX);
        let sql = &self.sql[..shown.map_or(self.sql.len(), |(end, _)| end)];
        write!(f, "{:?}  {sql}\n{}", self.took, self.plan)
    }
}

/// Runs store functions one after another on a filled [`Store`] and asserts that none scans a
/// table: `looks_up!(store, |tx| { rooms::find(tx, &key); owners::owners(tx, room, 32); })`. After
/// `in order` none may sort either. Prints each statement with its time and its plan.
#[macro_export]
macro_rules! looks_up {
    ($store:expr, |$tx:ident| { $($call:expr;)+ }) => {
        $(for statement in $crate::explained!($store, $tx, $call) {
            println!("{}: {statement}\n", stringify!($call));
            assert!(statement.scans().is_empty(), "{}: {statement}", stringify!($call));
        })+
    };
    (in order $store:expr, |$tx:ident| { $($call:expr;)+ }) => {
        $(for statement in $crate::explained!($store, $tx, $call) {
            println!("{}: {statement}\n", stringify!($call));
            assert!(statement.scans().is_empty(), "{}: {statement}", stringify!($call));
            assert!(!statement.sorts(), "{} sorts: {statement}", stringify!($call));
        })+
    };
}

/// Returns the statements of one call.
#[doc(hidden)]
#[macro_export]
macro_rules! explained {
    ($store:expr, $tx:ident, $call:expr) => {
        $store
            .explain(move |$tx| {
                Box::pin(async move {
                    $call.await?;
                    Ok(())
                })
            })
            .await
    };
}

/// Returns the number of members of a large room: 5,000, or what `PARLOR_TEST_LARGE` says.
///
/// # Panics
/// If that is not a number.
#[must_use]
pub fn large() -> u32 {
    std::env::var("PARLOR_TEST_LARGE").map_or(5_000, |large| {
        large.parse().expect("PARLOR_TEST_LARGE is a number")
    })
}

/// Parses `SCAN e USING INDEX …` and `Seq Scan on entries e`, which both scan `e`.
fn scanned(line: &str) -> Option<&str> {
    let line = line.trim_start_matches([' ', '-', '>']);
    let name = match line.strip_prefix("Seq Scan on ") {
        Some(table) => table.split_whitespace().last()?,
        None => line.strip_prefix("SCAN ")?.split_whitespace().next()?,
    };
    let is_given = name == "w" || line.contains("CONSTANT ROW") || name.starts_with('(');
    (!is_given).then_some(name)
}

impl Store {
    /// Fills tables by SQL that both databases understand. It may select from `numbers (n, id,
    /// hash)`: 1 to `most`, each with an id of 16 bytes and a hash of 32, both of which end in the
    /// number.
    ///
    /// # Panics
    /// If the database fails.
    pub async fn fill(&self, most: u32, sql: &str) {
        let sql = sql.to_owned();
        let filled = self.database.write(Fill { most, sql }, FILL_MAX).await;
        let Ok(()) = filled.expect("the tables are filled in time");
    }

    /// Runs a piece of work and explains the statements that it ran. PostgreSQL plans them without
    /// knowing the values, as it does for prepared statements that run often.
    ///
    /// # Panics
    /// If the work fails.
    pub async fn explain<F>(&self, work: F) -> Vec<Statement>
    where
        F: for<'a> Fn(&'a mut Writer<'_>) -> BoxFuture<'a, Result<(), Fault>>
            + Send
            + Sync
            + 'static,
    {
        let Ok(statements) = self.run(Explain(work)).await;
        statements
    }
}

struct Fill {
    most: u32,
    sql: String,
}

impl Job for Fill {
    const NAME: &'static str = "kit.fill";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let (bytes, id, hash) = match tx.backend() {
            Backend::Sqlite => (
                "BLOB",
                "unhex(printf('%032x', n))",
                "unhex(printf('%064x', n))",
            ),
            Backend::Postgres => (
                "BYTEA",
                "decode(lpad(to_hex(n), 32, '0'), 'hex')",
                "decode(lpad(to_hex(n), 64, '0'), 'hex')",
            ),
        };
        let most = self.most;
        execute(
            tx,
            &format!(
                "CREATE TABLE numbers (
                     n INTEGER PRIMARY KEY, id {bytes} NOT NULL, hash {bytes} NOT NULL);
                 WITH RECURSIVE counted (n) AS
                     (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {most})
                 INSERT INTO numbers (n, id, hash) SELECT n, {id}, {hash} FROM counted;"
            ),
        )
        .await?;
        if tx.backend() == Backend::Postgres {
            execute(tx, "SET LOCAL statement_timeout = 0; ANALYZE numbers").await?;
        }
        execute(tx, &self.sql).await?;
        if tx.backend() == Backend::Postgres {
            execute(tx, "ANALYZE").await?;
        }
        Ok(())
    }
}

async fn execute(tx: &mut Writer<'_>, sql: &str) -> Result<(), Fault> {
    match tx.writable() {
        Connection::Sqlite(c) => c.batch_execute(sql)?,
        Connection::Postgres(c) => c.batch_execute(sql).await?,
    }
    Ok(())
}

struct Explain<F>(F);

impl<F> Job for Explain<F>
where
    F: for<'a> Fn(&'a mut Writer<'_>) -> BoxFuture<'a, Result<(), Fault>> + Send + Sync + 'static,
{
    const NAME: &'static str = "kit.explain";
    type Answer = Vec<Statement>;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Vec<Statement>, JobError<Infallible>> {
        let seen = Arc::<Mutex<Vec<(String, Duration)>>>::default();
        watch(tx, Some(statement_recorder(Arc::clone(&seen))));
        let done = (self.0)(tx).await;
        watch(tx, None::<StatementRecorder>);
        done?;
        let seen = std::mem::take(&mut *seen.lock());
        let mut statements = Vec::new();
        for (sql, took) in seen {
            let plan = plan(tx, &sql).await?;
            statements.push(Statement { sql, plan, took });
        }
        Ok(statements)
    }
}

type StatementRecorder = Box<dyn Instrumentation>;

/// Records each statement when it ends.
fn statement_recorder(seen: Arc<Mutex<Vec<(String, Duration)>>>) -> StatementRecorder {
    let mut started = Instant::now();
    Box::new(move |event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { .. } => started = Instant::now(),
        InstrumentationEvent::FinishQuery { query, .. } => {
            let text = query.to_string();
            let sql = text.split(" -- binds: ").next().unwrap_or_default();
            let mut seen = seen.lock();
            seen.push((sql.to_owned(), started.elapsed()));
        }
        _ => {}
    })
}

fn watch(tx: &mut Writer<'_>, statement_recorder: Option<StatementRecorder>) {
    match tx.writable() {
        Connection::Sqlite(c) => diesel::Connection::set_instrumentation(c, statement_recorder),
        Connection::Postgres(c) => c.set_instrumentation(statement_recorder),
    }
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    detail: String,
}

#[derive(QueryableByName)]
struct Prepared {
    #[diesel(sql_type = Text)]
    name: String,
}

async fn plan(tx: &mut Writer<'_>, sql: &str) -> Result<String, Fault> {
    let steps: Vec<String> = match tx.writable() {
        Connection::Sqlite(c) => {
            use diesel::RunQueryDsl as _;
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let steps: Vec<SqliteStep> = diesel::sql_query(explain).load(c)?;
            steps.into_iter().map(|step| step.detail).collect()
        }
        Connection::Postgres(c) => {
            use diesel_async::RunQueryDsl as _;
            c.batch_execute("SET LOCAL plan_cache_mode = force_generic_plan")
                .await?;
            let name = prepared(c, sql).await?;
            let execute = executed(&name, placeholders(sql));
            let explain = diesel::sql_query(format!("EXPLAIN (COSTS OFF) {execute}"));
            let steps: Vec<PostgresStep> = explain.load(c).await?;
            steps.into_iter().map(|step| step.detail).collect()
        }
    };
    Ok(steps.join("\n"))
}

/// Returns the name under which the connection has prepared this text, so that PostgreSQL knows the
/// types of its placeholders. Texts that are not kept, such as those of INSERT, are prepared here.
async fn prepared(c: &mut AsyncPgConnection, sql: &str) -> Result<String, Fault> {
    use diesel_async::RunQueryDsl as _;
    let kept: Vec<Prepared> =
        diesel::sql_query("SELECT name FROM pg_prepared_statements WHERE statement = $1 LIMIT 1")
            .bind::<Text, _>(sql)
            .load(c)
            .await?;
    if let Some(kept) = kept.into_iter().next() {
        return Ok(kept.name);
    }
    let name = format!("explained_{:016x}", rand::random::<u64>());
    c.batch_execute(&format!("PREPARE {name} AS {sql}")).await?;
    Ok(name)
}

fn executed(name: &str, values: usize) -> String {
    if values == 0 {
        return format!("EXECUTE \"{name}\"");
    }
    format!("EXECUTE \"{name}\" ({})", vec!["NULL"; values].join(", "))
}

/// Returns the highest `n` of the placeholders `$n`.
fn placeholders(sql: &str) -> usize {
    let numbers = sql.split('$').skip(1).filter_map(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..digits].parse::<usize>().ok()
    });
    numbers.max().unwrap_or(0)
}
