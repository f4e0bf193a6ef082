//! Whether a server can hold a store: it stores text as UTF-8, and a session stays a session.
//!
//! A pooler in transaction mode gives each transaction whichever session of the server is free. A
//! lock on the store would stay with a session that others use next, and so would every setting.
//! Two clients that take turns show it: what they see as their session changes.

use super::connect::RawConnection;
use super::connect_error::ConnectError;
use super::url::PostgresUrl;
use super::{ANSWER_LIMIT, connect_in_time};
use crate::{DatabaseConfig, OpenError};
use futures_util::future::{join, pending};
use std::time::Duration;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

/// How many more transactions one of the clients makes: enough for poolers that hand out the
/// session used last, and for those that hand out the one unused for longest.
const REPEATS: u32 = 3;

/// How long one client may wait while the other is inside a transaction. Less than any answer may
/// take, so that a server that has fallen silent is told from one that makes them take turns.
const TURN_LIMIT: Duration = Duration::from_secs(4);

/// PgBouncer's words for a BEGIN in statement mode.
const STATEMENT_MODE: &str = "statement pooling mode";

const POOLED: &str = "it is behind a pooler in transaction or statement mode, where the lock on the store and \
    the settings of a session would pass to others: use session mode (PgBouncer: pool_mode = \
    session), or connect to PostgreSQL directly";

/// Fails if the server cannot be reached, or cannot hold a store.
pub(crate) async fn check_server(
    url: &PostgresUrl,
    config: &DatabaseConfig,
) -> Result<(), OpenError> {
    let found = Box::pin(find_problem(url)).await;
    match found.map_err(|error| config.cannot_connect(&error))? {
        None => Ok(()),
        Some(why) => Err(config.unusable(&why)),
    }
}

async fn find_problem(url: &PostgresUrl) -> Result<Option<String>, ConnectError> {
    let (first, first_driver) = connect_in_time(url, RawConnection::open(url))
        .await?
        .split();
    let (second, second_driver) = connect_in_time(url, RawConnection::open(url))
        .await?
        .split();
    let driving = async {
        join(first_driver, second_driver).await;
        pending::<()>().await;
    };
    tokio::select! {
        biased;
        found = problem(url, &first, &second) => found,
        () = driving => unreachable!("it is pending for ever"),
    }
}

async fn problem(
    url: &PostgresUrl,
    first: &Client,
    second: &Client,
) -> Result<Option<String>, ConnectError> {
    let encoding = value(url, first, "SHOW server_encoding").await?;
    if encoding != "UTF8" {
        return Ok(Some(format!(
            "its encoding is {encoding}, which cannot store every text: create a database with \
             ENCODING 'UTF8' TEMPLATE template0, and load a pg_dump of this one into it"
        )));
    }
    let is_pooled = is_pooled(url, first, second).await?;
    Ok(is_pooled.then(|| POOLED.to_owned()))
}

async fn is_pooled(
    url: &PostgresUrl,
    first: &Client,
    second: &Client,
) -> Result<bool, ConnectError> {
    let session_of_first = match begin(url, first).await {
        Err(error) if error.to_string().contains(STATEMENT_MODE) => return Ok(true),
        begun => begun?,
    };
    let began = tokio::time::timeout(TURN_LIMIT, begin(url, second)).await;
    end(url, first).await?;
    let Ok(session_of_second) = began else {
        // It had to wait for the other's transaction, which nobody does in a session of one's own.
        return Ok(true);
    };
    let session_of_second = session_of_second?;
    end(url, second).await?;
    for _ in 0..REPEATS {
        let now = begin(url, first).await?;
        end(url, first).await?;
        if now != session_of_first {
            return Ok(true);
        }
    }
    let now = begin(url, second).await?;
    end(url, second).await?;
    Ok(now != session_of_second)
}

/// Begins a transaction and returns the session that it runs in.
async fn begin(url: &PostgresUrl, client: &Client) -> Result<String, ConnectError> {
    value(url, client, "BEGIN; SELECT pg_backend_pid()").await
}

async fn end(url: &PostgresUrl, client: &Client) -> Result<(), ConnectError> {
    answer(url, client.batch_execute("ROLLBACK")).await
}

/// Asks in one message, without a prepared statement, which a pooler might lose.
async fn value(url: &PostgresUrl, client: &Client, sql: &str) -> Result<String, ConnectError> {
    let messages = answer(url, client.simple_query(sql)).await?;
    let value = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let value = value.ok_or_else(|| ConnectError::lasting(url, &"it does not speak SQL"))?;
    Ok(value.to_owned())
}

async fn answer<T>(
    url: &PostgresUrl,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, ConnectError> {
    match tokio::time::timeout(ANSWER_LIMIT, question).await {
        Ok(answered) => answered.map_err(|error| ConnectError::of(url, &error)),
        Err(_) => Err(ConnectError::passing(url, &"no answer from the server")),
    }
}
