//! Opens pooled connections to a PostgreSQL server.

use crate::backend::postgres::{self, PostgresUrl, STATEMENTS_PER_STEP, answered, quoted};
use crate::health::{StoreInfo, postgres_info};
use crate::replica::{NO_STANDBY, standby_status};
use crate::watermark::PgMark;
use diesel::result::{DatabaseErrorKind as Kind, Error};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use std::sync::Arc;
use std::time::Duration;

/// How a pooled connection is set up.
#[derive(Clone)]
pub(crate) struct PostgresConnector {
    pub(crate) url: PostgresUrl,
    /// The schema that it works in; `None`: that of its role.
    pub(crate) schema: Option<String>,
    /// The name that `pg_stat_activity` shows.
    pub(crate) application: String,
    /// The server cancels statements that take longer.
    pub(crate) statement_timeout: Duration,
    /// Whether the server must be a standby.
    pub(crate) replica: bool,
    /// The mark that shows whether the store went back.
    pub(crate) mark: Option<Arc<PgMark>>,
}

/// Every query is a lookup by an index, and its plan is kept: a plan made while the tables were
/// empty would scan them until the server next looks at their sizes. JIT pays for reports, not for
/// lookups.
const PLANS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET jit = off";

impl PostgresConnector {
    /// Opens a connection.
    pub(crate) async fn connect(
        &self,
        store_info: &StoreInfo,
    ) -> ConnectionResult<AsyncPgConnection> {
        let mut connection = postgres::connect(&self.url, self.schema.as_deref()).await?;
        let configuring = self.configure(&mut connection, store_info);
        answered(configuring)
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
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
        // Faults are recognised by their text. A role that may not set this keeps the server's
        // language.
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
        mark.check(to).await?;
        store_info.observe(postgres_info(to).await?);
        Ok(())
    }
}

/// Refuses a server that is not, or no longer, the one that was compared with its primary: a name
/// may lead to another server at each connect.
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
