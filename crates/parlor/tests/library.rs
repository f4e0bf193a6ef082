//! The server as a library: several in one process, and with an extension.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

use parlor::prelude::*;
use parlor::{RunningServer, Server};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Longest wait of a test.
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
struct Ballot {
    seats: u32,
    chair: Option<String>,
}

impl Default for Ballot {
    fn default() -> Self {
        Self {
            seats: 3,
            chair: None,
        }
    }
}

impl Table for Ballot {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            number("seats", "seats", 1..=9, |c: &mut Self| &mut c.seats),
            value("chair", "a name", |c: &mut Self| &mut c.chair),
        ]
    }

    fn check(&self) -> Result<(), Contradiction> {
        match &self.chair {
            Some(chair) if self.seats == 1 => Err(Contradiction::new(
                "chair",
                chair,
                "no value, or votes.seats to be more than 1",
            )),
            _ => Ok(()),
        }
    }
}

/// Shows the operator its settings.
struct Shown(Arc<Ballot>);

impl View for Shown {
    fn figures(&self) -> Value {
        json!({ "seats": self.0.seats })
    }
}

/// An extension that counts how often it was made.
fn votes(made: &Arc<AtomicUsize>) -> Extension {
    let made = Arc::clone(made);
    Extension::new("votes")
        .settings::<Ballot>()
        .shows(move |cx| {
            made.fetch_add(1, Ordering::Relaxed);
            Shown(cx.settings::<Ballot>())
        })
}

type Settings = Vec<(String, String)>;

/// Returns settings with free ports and this data directory.
fn settings(folder: &TempDir, more: &[(&str, &str)]) -> Settings {
    let folder = folder.path().display().to_string();
    let own = [
        ("data_dir", &*folder),
        ("listen", "127.0.0.1:0"),
        ("operator_listen", "127.0.0.1:0"),
    ];
    let all = own.iter().chain(more);
    all.map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
        .collect()
}

/// Returns status and body of a request, from a thread that may wait.
async fn get(address: SocketAddr, path: &'static str) -> (u16, String) {
    let asking = tokio::task::spawn_blocking(move || {
        let mut tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(LONG)).unwrap();
        write!(
            tcp,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut response = String::new();
        tcp.read_to_string(&mut response).unwrap();
        let status = response.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        (status, body.to_owned())
    });
    asking.await.unwrap()
}

async fn started(server: Server, settings: Settings) -> RunningServer {
    let started = tokio::time::timeout(LONG, server.start(settings)).await;
    started
        .unwrap()
        .unwrap_or_else(|error| panic!("it does not start: {error}"))
}

/// Returns the exit code and the text of the error.
async fn refused(server: Server, settings: Settings) -> (u8, String) {
    match tokio::time::timeout(LONG, server.start(settings))
        .await
        .unwrap()
    {
        Ok(_) => panic!("it starts"),
        Err(error) => (error.code(), error.to_string()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_run_in_one_process_and_stop_one_by_one() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = started(Server::standard(), settings(&first, &[])).await;
    let second = started(
        Server::standard(),
        settings(&second, &[("analytics", "on")]),
    )
    .await;
    assert_ne!(first.address(), second.address());
    for server in [&first, &second] {
        assert_eq!(get(server.address(), "/health").await.0, 200);
        assert_eq!(get(server.operator_address(), "/health/ready").await.0, 200);
    }
    assert!(first.database("analytics").is_none() && second.database("analytics").is_some());
    first.stop().await.unwrap();
    assert_eq!(get(second.address(), "/health").await.0, 200);
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_again_on_the_store_of_one_that_has_stopped() {
    let folder = TempDir::new().unwrap();
    let first = started(Server::standard(), settings(&folder, &[])).await;
    let (code, said) = refused(Server::standard(), settings(&folder, &[])).await;
    assert_eq!(code, 3, "{said}");
    first.stop().await.unwrap();
    let second = started(Server::standard(), settings(&folder, &[])).await;
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_gets_its_settings() {
    let (folder, made) = (TempDir::new().unwrap(), Arc::default());
    let seats = [("votes.seats", "5")];
    let server = Server::standard().with(votes(&made));
    let server = started(server, settings(&folder, &seats)).await;
    let (status, body) = get(server.operator_address(), "/health/votes").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert!(body.to_string().contains("\"seats\":5"), "{body}");
    assert_eq!(made.load(Ordering::Relaxed), 1);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_that_is_off_is_not_made() {
    let (folder, made) = (TempDir::new().unwrap(), Arc::default());
    let server = Server::standard().with(votes(&made));
    let server = started(server, settings(&folder, &[("votes", "off")])).await;
    let (status, _) = get(server.operator_address(), "/health/votes").await;
    assert_eq!((status, made.load(Ordering::Relaxed)), (404, 0));
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_refused_before_anything_is_made() {
    let (folder, made) = (TempDir::new().unwrap(), Arc::default());
    for (setting, words) in [
        (("votes.seats", "10"), "seats from 1 to 9"),
        (("votes.seat", "1"), "such as votes.seats"),
        (("votes", "perhaps"), "on or off"),
        (
            ("ballots.seats", "1"),
            "this server has no extension ballots",
        ),
        (
            ("databases.votes.pool_max", "1"),
            "the extension votes has no database",
        ),
        (("drain", "1"), "such as drain_ms"),
    ] {
        let server = Server::standard().with(votes(&made));
        let (code, said) = refused(server, settings(&folder, &[setting])).await;
        assert!(code == 2 && said.contains(words), "{code}: {said}");
        assert!(said.contains(setting.0), "{said}");
    }
    let both = [("votes.seats", "1"), ("votes.chair", "alice")];
    let server = Server::standard().with(votes(&made));
    let (code, said) = refused(server, settings(&folder, &both)).await;
    assert!(code == 2 && said.starts_with("votes.chair: "), "{said}");
    assert_eq!(made.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_declarations_are_refused_by_the_name_of_the_extension() {
    let folder = TempDir::new().unwrap();
    for (extensions, words) in [
        (vec!["Votes"], "\"Votes\": a name has"),
        (vec!["core"], "\"core\": the name is reserved"),
        (
            vec!["drain"],
            "\"drain\": the name is too much like the setting drain_ms",
        ),
        (
            vec!["analytics"],
            "\"analytics\": there are two of this name",
        ),
        (
            vec!["votes", "votes_more"],
            "\"votes_more\": the name begins like that of votes",
        ),
    ] {
        let extensions = extensions.into_iter().map(Extension::new);
        let server = extensions.fold(Server::standard(), Server::with);
        let (code, said) = refused(server, settings(&folder, &[])).await;
        assert!(code == 1 && said.contains(words), "{code}: {said}");
    }
    assert!(!folder.path().join("core.db").exists(), "nothing is opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_an_extension_is_made_is_an_error_and_leaves_the_store_free() {
    let folder = TempDir::new().unwrap();
    let broken = Extension::new("votes").shows(|_| -> Shown { panic!("no ballots") });
    let (code, said) = refused(Server::standard().with(broken), settings(&folder, &[])).await;
    assert!(
        code == 1 && said.contains("votes") && said.contains("no ballots"),
        "{said}"
    );
    let server = started(Server::standard(), settings(&folder, &[])).await;
    server.stop().await.unwrap();
}
