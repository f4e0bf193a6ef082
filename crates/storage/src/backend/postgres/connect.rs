//! Connects to a PostgreSQL server, encrypted as its URL asks.

use super::connect_error::{ConnectError, is_refusal};
use super::tls_client::client_config;
use super::tls_handshake::NotedTls;
use super::tls_settings::SslMode;
use super::url::PostgresUrl;
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio_postgres::config::SslMode as Encryption;
use tokio_postgres::tls::{MakeTlsConnect, NoTlsStream};
use tokio_postgres::{Client, Connection, Error, NoTls, Socket};

type TlsStream = <NotedTls as MakeTlsConnect<Socket>>::Stream;

/// A connection to the server that nobody drives yet.
pub(super) enum RawConnection {
    Clear(Client, Box<Connection<Socket, NoTlsStream>>),
    /// Made by a connector that can do TLS, and encrypted if the server can.
    Tls(Client, Box<Connection<Socket, TlsStream>>),
}

impl RawConnection {
    /// Connects. The mode decides whether an attempt without TLS comes before or after.
    pub(super) async fn open(url: &PostgresUrl) -> Result<Self, ConnectError> {
        if url.is_local() {
            return clear(url)
                .await
                .map_err(|error| ConnectError::of(url, &error));
        }
        match url.tls().mode {
            SslMode::Disable => clear(url)
                .await
                .map_err(|error| ConnectError::of(url, &error)),
            SslMode::Allow => allow(url).await,
            SslMode::Prefer => prefer(url).await,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                let tls = connector(url).await?;
                let made = encrypted(url, Encryption::Require, &tls).await;
                made.map_err(|error| ConnectError::of(url, &error))
            }
        }
    }

    /// Returns the client, and the future that drives its connection.
    pub(super) fn split(self) -> (Client, BoxFuture<'static, ()>) {
        // If the connection ends, the client's next question fails and says why.
        match self {
            Self::Clear(client, connection) => (client, connection.map(drop).boxed()),
            Self::Tls(client, connection) => (client, connection.map(drop).boxed()),
        }
    }

    /// Hands the connection over to a task that drives it.
    #[expect(
        clippy::disallowed_methods,
        reason = "all connections to servers begin here"
    )]
    pub(super) async fn driven(self, url: &PostgresUrl) -> Result<AsyncPgConnection, ConnectError> {
        let driven = match self {
            Self::Clear(client, connection) => {
                AsyncPgConnection::try_from_client_and_connection(client, *connection).await
            }
            Self::Tls(client, connection) => {
                AsyncPgConnection::try_from_client_and_connection(client, *connection).await
            }
        };
        driven.map_err(|error| ConnectError::passing(url, &error))
    }
}

/// Without TLS, unless the server refuses that, for whatever reason: a pooler that insists on TLS
/// says so with a code that stands for much else. What is reported is the failure with TLS, if the
/// server can do it.
async fn allow(url: &PostgresUrl) -> Result<RawConnection, ConnectError> {
    let first = match clear(url).await {
        Ok(made) => {
            url.note_in_clear("sslmode=allow, and the server does not insist on TLS");
            return Ok(made);
        }
        Err(error) => error,
    };
    if first.code().is_none() {
        return Err(ConnectError::of(url, &first));
    }
    let tls = connector(url).await?;
    let made = encrypted(url, Encryption::Require, &tls).await;
    made.inspect(|_| url.note_encrypted()).map_err(|second| {
        let reported = if tls.has_begun() { second } else { first };
        ConnectError::of(url, &reported)
    })
}

/// With TLS, unless the server cannot do it, fails in it, or refuses it. What is reported is the
/// failure with TLS.
async fn prefer(url: &PostgresUrl) -> Result<RawConnection, ConnectError> {
    let tls = connector(url).await?;
    let first = match encrypted(url, Encryption::Prefer, &tls).await {
        Ok(made) => {
            if tls.has_begun() {
                url.note_encrypted();
            } else {
                url.note_in_clear("the server does not offer TLS");
            }
            return Ok(made);
        }
        Err(error) => error,
    };
    let is_about_tls = tls.has_begun() && (first.code().is_none() || is_refusal(&first));
    let reported = ConnectError::of(url, &first);
    if is_about_tls && let Ok(made) = clear(url).await {
        url.note_in_clear(&reported.to_string());
        return Ok(made);
    }
    Err(reported)
}

async fn connector(url: &PostgresUrl) -> Result<NotedTls, ConnectError> {
    let owned = url.clone();
    // Reads files.
    let config = tokio::task::spawn_blocking(move || client_config(&owned)).await;
    let config = config.unwrap_or_else(|panic| Err(ConnectError::lasting(url, &panic)));
    config.map(NotedTls::new)
}

#[expect(
    clippy::disallowed_methods,
    reason = "all connections to servers begin here"
)]
async fn clear(url: &PostgresUrl) -> Result<RawConnection, Error> {
    let mut config = url.config().clone();
    config.ssl_mode(Encryption::Disable);
    let (client, connection) = config.connect(NoTls).await?;
    Ok(RawConnection::Clear(client, Box::new(connection)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "all connections to servers begin here"
)]
async fn encrypted(
    url: &PostgresUrl,
    encryption: Encryption,
    tls: &NotedTls,
) -> Result<RawConnection, Error> {
    let mut config = url.config().clone();
    config.ssl_mode(encryption);
    let (client, connection) = config.connect(tls.clone()).await?;
    Ok(RawConnection::Tls(client, Box::new(connection)))
}
