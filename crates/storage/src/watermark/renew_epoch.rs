//! Writing a new epoch into a store: the cursors of all clients become void, and clients start
//! over.

use crate::backend::served_as;
use diesel::{QueryResult, SqliteConnection, sql_query};
use diesel_async::AsyncPgConnection;

/// Writes a new epoch into a SQLite store. Blocks.
pub(crate) fn renew_sqlite(connection: &mut SqliteConnection) -> QueryResult<String> {
    use diesel::RunQueryDsl as _;
    let (epoch, renew) = renewal();
    let rows = sql_query(renew).execute(connection)?;
    served_as::unmark_copy(connection)?;
    renewed(epoch, rows)
}

/// Writes a new epoch into a store on PostgreSQL, on a connection that works in its schema.
pub(crate) async fn renew_postgres(connection: &mut AsyncPgConnection) -> QueryResult<String> {
    use diesel_async::RunQueryDsl as _;
    let (epoch, renew) = renewal();
    let rows = sql_query(renew).execute(connection).await?;
    renewed(epoch, rows)
}

fn renewal() -> (String, String) {
    let epoch = format!("{:032x}", rand::random::<u128>());
    let renew = format!("UPDATE storage_meta SET value = '{epoch}' WHERE key = 'epoch'");
    (epoch, renew)
}

fn renewed(epoch: String, rows: usize) -> QueryResult<String> {
    match rows {
        0 => Err(diesel::result::Error::NotFound),
        _ => Ok(epoch),
    }
}
