//! Opens pooled connections to a PostgreSQL server.

use crate::backend::postgres::{STATEMENTS_PER_STEP, connect_in_time, quoted};
use crate::health::{StoreInfo, postgres_info};
use crate::replica::{NO_STANDBY, standby_status};
use crate::watermark::PgMark;
use diesel::result::{DatabaseErrorKind as Kind, Error};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use std::sync::Arc;
use std::time::Duration;

/// How a pooled connection is set up.
#[derive(Clone)]
pub(crate) struct PostgresConnector {
    /// Shown by `pg_stat_activity`.
    pub(crate) application: String,
    /// The server ends a statement after this long.
    pub(crate) statement_timeout: Duration,
    /// The server replays the writes of another.
    pub(crate) replica: bool,
    /// By what a store that went back is found.
    pub(crate) mark: Option<Arc<PgMark>>,
}

/// Every query of ours is a lookup by an index, and its plan is kept: one made while the tables
/// were empty would read them through until the server next looks at their sizes. Without JIT,
/// which pays for reports and not for lookups.
const PLANS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET jit = off";

impl PostgresConnector {
    /// One more connection for the pool.
    pub(crate) async fn connect(
        &self,
        url: String,
        store_info: &StoreInfo,
    ) -> ConnectionResult<AsyncPgConnection> {
        connect_in_time(async {
            let mut connection = AsyncPgConnection::establish(&url).await?;
            let configured = self.configure(&mut connection, store_info).await;
            configured.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        })
        .await
    }

    async fn configure(
        &self,
        to: &mut AsyncPgConnection,
        store_info: &StoreInfo,
    ) -> QueryResult<()> {
        let statement = self.statement_timeout.as_millis();
        // A node that freezes inside a transaction must not hold its locks for ever.
        let idle = (self.statement_timeout * STATEMENTS_PER_STEP).as_millis();
        to.batch_execute(&format!(
            "SET application_name = '{}'; SET statement_timeout = {statement}; \
             SET idle_in_transaction_session_timeout = {idle}; {PLANS}",
            quoted(&self.application),
        ))
        .await?;
        // Faults are told by their text. Who may not choose the language goes on with the server's.
        let _ = to.batch_execute("SET lc_messages = 'C'").await;
        if self.replica {
            return known_standby(to, store_info).await;
        }
        // Fails on a standby, before anything is written.
        let info = postgres_info(to).await?;
        let Some(mark) = &self.mark else {
            store_info.observe(info);
            return Ok(());
        };
        mark.settle(to).await?;
        store_info.observe(postgres_info(to).await?);
        Ok(())
    }
}

/// Refuses a server that is not, or no longer, the one that was compared with its primary: a name
/// may lead to another one at each connecting.
async fn known_standby(
    connection: &mut AsyncPgConnection,
    store_info: &StoreInfo,
) -> QueryResult<()> {
    let info = standby_status(connection).await?;
    let known = store_info.system();
    if info.standby && (known == 0 || known == info.system) {
        return Ok(());
    }
    let why = NO_STANDBY.to_owned();
    Err(Error::DatabaseError(Kind::Unknown, Box::new(why)))
}
