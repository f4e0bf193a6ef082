//! Connections to PostgreSQL.

use diesel::result::{DatabaseErrorKind as Kind, Error};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use std::future::Future;
use std::time::Duration;

/// Longest time to connect; whoever waits for it in the pool gives up earlier.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest time to answer outside the pool what is answered at once: whoever opens a database must
/// not hang on a server that takes the question and falls silent.
const ANSWER: Duration = Duration::from_secs(5);

/// How many statements' time a piece of work may take, before its connection counts as dead.
pub(crate) const STATEMENTS_PER_STEP: u32 = 5;

/// Of a connection whose statements may take long: that nobody is at the other end any more is
/// noticed within so many seconds all the same.
const NOTICED: &str =
    "keepalives_idle=5&keepalives_interval=2&keepalives_retries=3&tcp_user_timeout=11";

/// A connection outside the pool.
pub(crate) async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    connect_in_time(AsyncPgConnection::establish(&noticing(url))).await
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
pub(crate) async fn connect_in_time<C>(
    connecting: impl Future<Output = ConnectionResult<C>>,
) -> ConnectionResult<C> {
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
