//! Opening a database whose server falls silent half way.

use super::open::{postgres, registry};
use crate::kit::Place;
use crate::{Backend, DatabaseConfig, OpenError, Registry, StorageError, Url};
use futures_util::future::{join_all, pending};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The questions that are asked outside the pool before a database is open.
const QUESTIONS: [&str; 7] = [
    "server_encoding",
    "pg_backend_pid",
    "SET application_name",
    "pg_try_advisory_lock",
    "to_regclass",
    "SELECT version",
    "unfinished_copy",
];

/// A proxy to a server that falls silent for good once the server was asked a certain question.
struct Way {
    port: u16,
    _carriers: JoinSet<()>,
}

impl Way {
    async fn to(server: SocketAddr, question: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut carriers = JoinSet::new();
        carriers.spawn(async move {
            let mut each = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                each.spawn(carry(near, server, question));
            }
        });
        Self {
            port,
            _carriers: carriers,
        }
    }
}

async fn carry(mut near: TcpStream, server: SocketAddr, question: &str) {
    let mut far = TcpStream::connect(server).await.unwrap();
    let (mut there, mut back) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            said = near.read(&mut there) => {
                let Ok(count @ 1..) = said else { return };
                if String::from_utf8_lossy(&there[..count]).contains(question) {
                    pending::<()>().await;
                }
                far.write_all(&there[..count]).await.unwrap();
            }
            said = far.read(&mut back) => {
                let Ok(count @ 1..) = said else { return };
                near.write_all(&back[..count]).await.unwrap();
            }
        }
    }
}

/// Returns the configuration of the same database behind another port.
fn through(config: &DatabaseConfig, server: &str, port: u16) -> DatabaseConfig {
    let Url::Postgres(url) = &config.url else {
        unreachable!("it was on a server");
    };
    let url = url.as_str().replace(server, &format!("127.0.0.1:{port}"));
    DatabaseConfig {
        url: postgres(&url),
        ..config.clone()
    }
}

async fn gives_up(question: &'static str) {
    let place = Place::on(Backend::Postgres).await;
    let config = place.config();
    let Url::Postgres(url) = &config.url else {
        unreachable!("the place is on a server");
    };
    let (_, server) = url.as_str().split_once('@').unwrap();
    let (server, _) = server.split_once('/').unwrap();
    Registry::migrate(config.clone()).await.unwrap();
    let way = Way::to(server.parse().unwrap(), question).await;
    let registry = registry();
    let opening = registry.open(through(&config, server, way.port));
    let opened = tokio::time::timeout(Duration::from_secs(20), opening).await;
    let Ok(Err(error)) = opened else {
        panic!("at {question} it is waited for")
    };
    assert!(
        matches!(error, OpenError::Storage(StorageError::Unavailable { .. })),
        "{question}: {error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_while_a_database_opens_is_given_up() {
    join_all(QUESTIONS.map(gives_up)).await;
}
