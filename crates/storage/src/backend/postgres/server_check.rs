//! Whether a server can hold a store: it stores text as UTF-8, and a session stays a session.
//!
//! A pooler in transaction mode gives each transaction whichever session of the server is free. A
//! lock on the store would stay with a session that others use next, and so would every setting.
//! Two clients that take turns show it: what they see as their session changes.

use super::connect::RawConnection;
use super::connect_error::ConnectError;
use super::schema;
use super::url::PostgresUrl;
use super::{ANSWER_LIMIT, connect_in_time};
use crate::{DatabaseConfig, OpenError};
use futures_util::future::{join, pending};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

/// How many more transactions one of the clients makes: enough for poolers that hand out the
/// session used last, and for those that hand out the one unused for longest.
const REPEATS: u32 = 3;

/// How long one client may wait while the other is inside a transaction, and after that. Together
/// they are shorter than the time limit of an answer, which shows whether the server has fallen silent
/// or has no session for the second client.
const TURN_LIMIT: Duration = Duration::from_secs(3);
const NEXT_LIMIT: Duration = Duration::from_secs(1);

/// PgBouncer's words for a BEGIN in statement mode.
const STATEMENT_MODE: &str = "statement pooling mode";

const POOLED: &str = "it is behind a pooler in transaction or statement mode, where the lock on the store and \
    the settings of a session would pass to others: use session mode (PgBouncer: pool_mode = \
    session), or connect to PostgreSQL directly";

const NO_SESSION: &str = "no free session for a second connection";

/// Fails if the server cannot be reached, or cannot hold a store.
pub(crate) async fn check_server(
    url: &PostgresUrl,
    config: &DatabaseConfig,
) -> Result<(), OpenError> {
    if let Some(why) = config.schema.as_deref().and_then(schema::problem) {
        return Err(config.unusable(&why));
    }
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
    let mut beginning = pin!(begin(url, second));
    let at_once = timeout(TURN_LIMIT, &mut beginning).await;
    end(url, first).await?;
    let session_of_second = match at_once {
        Ok(begun) => begun?,
        Err(_) => timeout(NEXT_LIMIT, beginning)
            .await
            .unwrap_or_else(|_| Err(ConnectError::passing(url, &NO_SESSION)))?,
    };
    end(url, second).await?;
    if session_of_second == session_of_first {
        // It waited for the other's transaction to end, and was given its session.
        return Ok(true);
    }
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
    match timeout(ANSWER_LIMIT, question).await {
        Ok(answered) => answered.map_err(|error| ConnectError::of(url, &error)),
        Err(_) => Err(ConnectError::passing(url, &"no answer from the server")),
    }
}
