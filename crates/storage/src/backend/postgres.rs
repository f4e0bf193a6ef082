//! Connecting to PostgreSQL, and time limits for its answers outside the pool.

mod certificate_check;
mod certificate_name;
mod connect;
mod connect_error;
mod lock_numbers;
mod parameters;
mod schema;
mod server_check;
mod tls_client;
mod tls_handshake;
mod tls_parameters;
mod tls_settings;
mod url;

pub(crate) use connect_error::ConnectError;
pub(crate) use lock_numbers::{FAMILY, LockNumbers};
pub(crate) use server_check::check_server;
pub use url::{PostgresUrl, UrlError};

use connect::RawConnection;
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind as Kind, Error};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
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

/// Opens a connection that works in this schema, or in the one that its role works in: the only way
/// to a connection in this program.
pub(crate) async fn connect(
    url: &PostgresUrl,
    schema: Option<&str>,
) -> Result<AsyncPgConnection, ConnectError> {
    let connecting = async {
        let mut connection = RawConnection::open(url).await?.driven(url).await?;
        if let Some(schema) = schema {
            // Not a parameter of the connection: a pooler would refuse or ignore it.
            let entered = connection.batch_execute(&schema::enter(schema)).await;
            entered.map_err(|error| ConnectError::passing(url, &error))?;
        }
        Ok(connection)
    };
    connect_in_time(url, Box::pin(connecting)).await
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
async fn connect_in_time<C>(
    url: &PostgresUrl,
    connecting: impl Future<Output = Result<C, ConnectError>>,
) -> Result<C, ConnectError> {
    let silence = |_| Err(ConnectError::passing(url, &"no answer from the server"));
    tokio::time::timeout(CONNECT_TIMEOUT, connecting)
        .await
        .unwrap_or_else(silence)
}

/// Escapes a text for the inside of an SQL literal.
pub(crate) fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}
