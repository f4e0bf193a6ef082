//! The row of the mark in `storage_meta`.

use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};
use serde_json::Value;

/// What is in the store.
#[derive(QueryableByName)]
pub(super) struct MarkRow {
    #[diesel(sql_type = Text)]
    pub(super) epoch: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) mark: Option<String>,
    /// The transaction that wrote the mark according to PostgreSQL: its lower 32 bits.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) xmin: Option<i64>,
    #[diesel(sql_type = BigInt)]
    pub(super) database: i64,
}

const READ: &str = "SELECT epoch.value AS epoch, mark.value AS mark,
        mark.xmin::text::bigint AS xmin,
        (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database
    FROM storage_meta AS epoch LEFT JOIN storage_meta AS mark ON mark.key = 'mark'
    WHERE epoch.key = 'epoch'";

const LOCK: &str = "SELECT FROM storage_meta WHERE key = 'epoch' FOR UPDATE";

/// Tells a cluster from the one that `pg_upgrade` has made of it.
const SYSTEM: &str = "SELECT system_identifier::text AS system FROM pg_control_system()";

const WRITE: &str = "INSERT INTO storage_meta (key, value)
    VALUES ('mark', json_build_object('transaction', txid_current(), 'count', $1::bigint,
        'database', $2::bigint, 'system', $3::text)::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";

#[derive(QueryableByName)]
struct System {
    #[diesel(sql_type = Text)]
    system: String,
}

impl MarkRow {
    /// Returns the mark; one that cannot be parsed counts as none.
    pub(super) fn parsed(&self) -> Option<Value> {
        let mark: Value = serde_json::from_str(self.mark.as_deref()?).ok()?;
        mark["count"].is_i64().then_some(mark)
    }
}

/// Keeps others from counting or renewing until the transaction ends.
pub(super) async fn lock(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    sql_query(LOCK).execute(connection).await?;
    Ok(())
}

pub(super) async fn read(connection: &mut AsyncPgConnection) -> QueryResult<MarkRow> {
    sql_query(READ).get_result(connection).await
}

/// Returns the system identifier; empty if the role may not read it.
pub(super) async fn system(connection: &mut AsyncPgConnection) -> String {
    let system: QueryResult<System> = sql_query(SYSTEM).get_result(connection).await;
    system.map(|row| row.system).unwrap_or_default()
}

/// Writes the row. To be called inside a transaction and outside savepoints, so that the row's
/// `xmin` is the transaction it names.
pub(super) async fn write(
    connection: &mut AsyncPgConnection,
    count: i64,
    database: i64,
    system: &str,
) -> QueryResult<()> {
    sql_query(WRITE)
        .bind::<BigInt, _>(count)
        .bind::<BigInt, _>(database)
        .bind::<Text, _>(system)
        .execute(connection)
        .await?;
    Ok(())
}
