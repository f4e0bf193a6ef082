//! Connections to PostgreSQL.

use crate::vitals::{Vitals, postgres_signs};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use std::time::Duration;

/// How a pooled connection is set up.
#[derive(Clone)]
pub(crate) struct Setup {
    /// Shown by `pg_stat_activity`.
    pub(crate) application: String,
    /// The server ends a statement after this long.
    pub(crate) statement_timeout: Duration,
    /// Longest time to connect.
    pub(crate) connect_timeout: Duration,
}

/// How many statements' time a piece of work may take, before its connection counts as dead.
pub(crate) const STATEMENTS_PER_STEP: u32 = 5;

impl Setup {
    /// One more connection for the pool.
    pub(crate) async fn connect(
        &self,
        url: String,
        vitals: &Vitals,
    ) -> ConnectionResult<AsyncPgConnection> {
        let mut connection = connect_within(self.connect_timeout, &url).await?;
        self.configure(&mut connection, vitals)
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    async fn configure(&self, to: &mut AsyncPgConnection, vitals: &Vitals) -> QueryResult<()> {
        let statement = self.statement_timeout.as_millis();
        // A node that freezes inside a transaction must not hold its locks for ever.
        let idle = (self.statement_timeout * STATEMENTS_PER_STEP).as_millis();
        to.batch_execute(&format!(
            "SET application_name = '{}'; SET statement_timeout = {statement}; \
             SET idle_in_transaction_session_timeout = {idle}",
            quoted(&self.application),
        ))
        .await?;
        vitals.observe(postgres_signs(to).await?);
        Ok(())
    }
}

/// Connects, or gives up: a host that swallows packets would hold us for minutes.
pub(crate) async fn connect_within(
    limit: Duration,
    url: &str,
) -> ConnectionResult<AsyncPgConnection> {
    match tokio::time::timeout(limit, AsyncPgConnection::establish(url)).await {
        Ok(established) => established,
        Err(_) => Err(ConnectionError::BadConnection(
            "no answer from the server".into(),
        )),
    }
}

/// For the inside of an SQL literal.
pub(crate) fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}
