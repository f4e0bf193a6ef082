//! Connections to PostgreSQL.

use crate::backup::pg_mark::PgMark;
use crate::replica;
use crate::store_info::{StoreInfo, postgres_signs};
use diesel::result::{DatabaseErrorKind as Kind, Error};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How a pooled connection is set up.
#[derive(Clone)]
pub(crate) struct Setup {
    /// Shown by `pg_stat_activity`.
    pub(crate) application: String,
    /// The server ends a statement after this long.
    pub(crate) statement_timeout: Duration,
    /// The server replays the writes of another.
    pub(crate) replica: bool,
    /// By what a store that went back is found.
    pub(crate) mark: Option<Arc<PgMark>>,
}

/// Longest time to connect; whoever waits for it in the pool gives up earlier.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest time to answer outside the pool what is answered at once: whoever opens a database must
/// not hang on a server that takes the question and falls silent.
const ANSWER: Duration = Duration::from_secs(5);

/// How many statements' time a piece of work may take, before its connection counts as dead.
pub(crate) const STATEMENTS_PER_STEP: u32 = 5;

/// Every query of ours is a lookup by an index, and its plan is kept: one made while the tables
/// were empty would read them through until the server next looks at their sizes. Without JIT,
/// which pays for reports and not for lookups.
const PLANS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET jit = off";

impl Setup {
    /// One more connection for the pool.
    pub(crate) async fn connect(
        &self,
        url: String,
        store_info: &StoreInfo,
    ) -> ConnectionResult<AsyncPgConnection> {
        in_time(async {
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
        let signs = postgres_signs(to).await?;
        let Some(mark) = &self.mark else {
            store_info.observe(signs);
            return Ok(());
        };
        mark.settle(to).await?;
        store_info.observe(postgres_signs(to).await?);
        Ok(())
    }
}

/// Refuses a server that is not, or no longer, the one that was compared with its primary: a name
/// may lead to another one at each connecting.
async fn known_standby(
    connection: &mut AsyncPgConnection,
    store_info: &StoreInfo,
) -> QueryResult<()> {
    let signs = replica::of_standby(connection).await?;
    let known = store_info.system();
    if signs.standby && (known == 0 || known == signs.system) {
        return Ok(());
    }
    let why = replica::NO_STANDBY.to_owned();
    Err(Error::DatabaseError(Kind::Unknown, Box::new(why)))
}

/// Of a connection whose statements may take long: that nobody is at the other end any more is
/// noticed within so many seconds all the same.
const NOTICED: &str =
    "keepalives_idle=5&keepalives_interval=2&keepalives_retries=3&tcp_user_timeout=11";

/// A connection outside the pool.
pub(crate) async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    in_time(AsyncPgConnection::establish(&noticing(url))).await
}

/// What the operator wrote comes after it, and wins.
fn noticing(url: &str) -> String {
    match url.split_once('?') {
        Some((address, parameters)) => format!("{address}?{NOTICED}&{parameters}"),
        None => format!("{url}?{NOTICED}"),
    }
}

/// Gives up on a server that does not answer in time. The connection is of no use then.
pub(crate) async fn answered<T>(asking: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
    answered_within(ANSWER, asking).await
}

/// The same for a question that may take longer.
pub(crate) async fn answered_within<T>(
    limit: Duration,
    asking: impl Future<Output = QueryResult<T>>,
) -> QueryResult<T> {
    let silence = |_| {
        let why = "no answer from the server".to_owned();
        Err(Error::DatabaseError(Kind::ClosedConnection, Box::new(why)))
    };
    tokio::time::timeout(limit, asking)
        .await
        .unwrap_or_else(silence)
}

/// Gives up on a host that swallows packets: it would hold us for minutes.
async fn in_time<C>(connecting: impl Future<Output = ConnectionResult<C>>) -> ConnectionResult<C> {
    let silence = |_| {
        Err(ConnectionError::BadConnection(
            "no answer from the server".into(),
        ))
    };
    tokio::time::timeout(CONNECT_TIMEOUT, connecting)
        .await
        .unwrap_or_else(silence)
}

/// For the inside of an SQL literal.
pub(crate) fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use super::noticing;

    #[test]
    fn what_the_operator_says_of_keepalives_comes_last() {
        let plain = noticing("postgres://parlor@db:5432/core");
        assert!(plain.starts_with("postgres://parlor@db:5432/core?keepalives_idle=5&"));
        let own = noticing("postgres://db/core?keepalives_idle=60");
        assert!(own.starts_with("postgres://db/core?keepalives_idle=5&"));
        assert!(own.ends_with("&keepalives_idle=60"));
    }
}
