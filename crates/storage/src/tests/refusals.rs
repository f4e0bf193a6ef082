//! What a server says to whoever connects, and whether it is worth waiting.

use crate::kit::migrations;
use crate::{DatabaseConfig, OpenError, PostgresUrl, Registry, StorageError, Url};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Starts a server that offers no TLS and refuses everyone with this error; the flag is set once
/// somebody has asked it for TLS.
async fn refusing(code: &'static str, message: &'static str) -> (SocketAddr, Arc<AtomicBool>) {
    let asked = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&asked);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut body = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0").into_bytes();
    let length = u32::try_from(body.len() + 4).unwrap();
    let mut error = vec![b'E'];
    error.extend(length.to_be_bytes());
    error.append(&mut body);
    let refuse = async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            // The request for TLS is eight bytes long, and comes first.
            if stream.read(&mut request).await.unwrap() == 8 {
                note.store(true, Ordering::Relaxed);
                stream.write_all(b"N").await.unwrap();
                let _ = stream.read(&mut request).await.unwrap();
            }
            stream.write_all(&error).await.unwrap();
        }
    };
    drop(std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(refuse);
    }));
    (address, asked)
}

async fn refusal(code: &'static str, message: &'static str) -> OpenError {
    let (address, _) = refusing(code, message).await;
    let url = PostgresUrl::parse(&format!("postgres://parlor@{address}/core")).unwrap();
    let config = DatabaseConfig::new("core", Url::Postgres(url), migrations("core"));
    let error = Registry::migrate(config).await.unwrap_err();
    let line = error.to_string();
    assert!(
        line.contains(message) && line.contains(&address.to_string()),
        "{line}"
    );
    error
}

#[tokio::test]
async fn a_server_that_is_not_ready_is_worth_waiting_for() {
    for (code, message) in [
        ("57P03", "the database system is starting up"),
        (
            "57P01",
            "terminating connection due to administrator command",
        ),
        ("53300", "sorry, too many clients already"),
        ("08P01", "server login has been failing, try again later"),
        ("08P01", "no more connections allowed (max_client_conn)"),
    ] {
        let error = refusal(code, message).await;
        let passing = matches!(error, OpenError::Storage(StorageError::Unavailable { .. }));
        assert!(passing, "{code}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_client_is_not() {
    for (code, message) in [
        (
            "28P01",
            "password authentication failed for user \"parlor\"",
        ),
        ("28000", "no pg_hba.conf entry"),
        ("3D000", "database \"core\" does not exist"),
        ("08P01", "SASL authentication failed"),
        ("08P01", "no such database: core"),
    ] {
        let error = refusal(code, message).await;
        assert!(
            matches!(error, OpenError::Unusable { .. }),
            "{code}: {error}"
        );
    }
}

#[tokio::test]
async fn after_any_refusal_tls_is_tried_where_it_is_allowed() {
    // PgBouncer's, if it insists on TLS.
    let (address, asked) = refusing("08P01", "SSL required").await;
    let url = format!("postgres://parlor@{address}/core?sslmode=allow");
    let config = DatabaseConfig::new(
        "core",
        Url::Postgres(PostgresUrl::parse(&url).unwrap()),
        migrations("core"),
    );
    let error = Registry::migrate(config).await.unwrap_err().to_string();
    assert!(error.contains("SSL required"), "{error}");
    assert!(asked.load(Ordering::Relaxed), "it was asked for TLS");
}
