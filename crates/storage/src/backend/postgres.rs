//! Connecting to PostgreSQL, and time limits for its answers outside the pool.

use diesel::result::{DatabaseErrorKind as Kind, Error};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use std::future::Future;
use std::time::Duration;

/// Longest time to connect. Callers that wait for the connection in the pool give up earlier.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest time for a quick answer outside the pool: opening a database must not hang on a server
/// that takes the question and falls silent.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How many times the statement timeout a piece of work may take before its connection counts as
/// dead.
pub(crate) const STATEMENTS_PER_STEP: u32 = 5;

/// Parameters of a connection whose statements may take long: it notices within about 11 s that the
/// server has vanished.
const KEEPALIVES: &str =
    "keepalives_idle=5&keepalives_interval=2&keepalives_retries=3&tcp_user_timeout=11";

/// Opens a connection outside the pool.
pub(crate) async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    connect_in_time(AsyncPgConnection::establish(&with_keepalives(url))).await
}

/// Adds the keepalive parameters. What the operator wrote comes after them and wins.
fn with_keepalives(url: &str) -> String {
    match url.split_once('?') {
        Some((address, parameters)) => format!("{address}?{KEEPALIVES}&{parameters}"),
        None => format!("{url}?{KEEPALIVES}"),
    }
}

/// Waits for an answer. A server that does not answer in time is given up; the connection must not
/// be used any more.
pub(crate) async fn answered<T>(question: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
    answered_within(ANSWER_LIMIT, question).await
}

/// Waits for an answer that may take longer.
pub(crate) async fn answered_within<T>(
    limit: Duration,
    question: impl Future<Output = QueryResult<T>>,
) -> QueryResult<T> {
    let silence = |_| {
        let why = "no answer from the server".to_owned();
        Err(Error::DatabaseError(Kind::ClosedConnection, Box::new(why)))
    };
    tokio::time::timeout(limit, question)
        .await
        .unwrap_or_else(silence)
}

/// Gives up on a host that swallows packets, which would block for minutes.
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

/// Escapes a text for the inside of an SQL literal.
pub(crate) fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use super::with_keepalives;

    #[test]
    fn what_the_operator_says_of_keepalives_comes_last() {
        let plain = with_keepalives("postgres://parlor@db:5432/core");
        assert!(plain.starts_with("postgres://parlor@db:5432/core?keepalives_idle=5&"));
        let own = with_keepalives("postgres://db/core?keepalives_idle=60");
        assert!(own.starts_with("postgres://db/core?keepalives_idle=5&"));
        assert!(own.ends_with("&keepalives_idle=60"));
    }
}
