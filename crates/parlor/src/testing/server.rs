//! A server that a test starts, kills and starts again.

use super::client::Client;
use super::snapshot::Snapshot;
use crate::{RunningServer, Server};
use extension::{Extension, Faults};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use storage::kit::Place;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

/// Longest wait for the server.
const LIMIT: Duration = Duration::from_secs(30);

/// Threads of the server's runtime.
const THREADS: usize = 2;

/// A server with one extension, and a store that outlives it.
pub struct TestServer {
    make: Box<dyn Fn() -> Extension + Send + Sync>,
    settings: Vec<(String, String)>,
    place: Place,
    /// What a server keeps beside a database elsewhere.
    beside: TempDir,
    faults: Faults,
    running: Option<(RunningServer, Runtime)>,
}

impl TestServer {
    /// Starts a server with this extension and an empty store.
    pub async fn start(make: impl Fn() -> Extension + Send + Sync + 'static) -> Self {
        Self::with_settings(make, [] as [(&str, &str); 0]).await
    }

    /// Like [`TestServer::start`], with settings as after `--set`, such as `("karma.top_max", "3")`.
    pub async fn with_settings(
        make: impl Fn() -> Extension + Send + Sync + 'static,
        settings: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let settings = settings.into_iter();
        let mut server = Self {
            make: Box::new(make),
            settings: settings
                .map(|(key, text)| (key.into(), text.into()))
                .collect(),
            place: Place::new().await,
            beside: tempfile::tempdir().expect("a temporary folder can be created"),
            faults: Faults::default(),
            running: None,
        };
        server.start_again().await;
        server
    }

    /// Starts it again on its store, after [`TestServer::stop`] or [`TestServer::kill`].
    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "the server is running");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()
            .expect("a runtime can be started");
        let mut settings = vec![(self.make.as_ref()().name().to_owned(), "on".to_owned())];
        let data = self.place.folder();
        let data = data.unwrap_or_else(|| self.beside.path().join("data"));
        settings.push(("data_dir".to_owned(), data.display().to_string()));
        let url = self.place.server_url();
        settings.extend(url.map(|url| ("databases.core.url".to_owned(), url)));
        settings.push(("listen".to_owned(), "127.0.0.1:0".to_owned()));
        settings.push(("operator_listen".to_owned(), "127.0.0.1:0".to_owned()));
        settings.extend(self.settings.iter().cloned());
        let began = Instant::now();
        let running = loop {
            let extension = (self.make)().with_faults(&self.faults);
            let server = Server::standard().with_instead(extension);
            match on(&runtime, server.start(settings.clone())).await {
                Ok(running) => break running,
                // One that was killed may still hold its store.
                Err(error) if error.code() == 3 && began.elapsed() < LIMIT => {
                    sleep(Duration::from_millis(50)).await;
                }
                Err(error) => panic!("the server does not start: {error}"),
            }
        };
        self.running = Some((running, runtime));
    }

    /// Stops it gracefully.
    pub async fn stop(&mut self) {
        let (running, runtime) = self.running.take().expect("the server is running");
        let stopped = on(&runtime, running.stop()).await;
        runtime.shutdown_background();
        stopped.expect("it stops cleanly");
    }

    /// Kills it: whatever it was doing stops where it is, and nothing is closed.
    pub async fn kill(&mut self) {
        let (running, runtime) = self.running.take().expect("the server is running");
        runtime.shutdown_background();
        running.abandon().await;
    }

    /// Kills it and starts it again.
    pub async fn crash(&mut self) {
        self.kill().await;
        self.start_again().await;
    }

    /// Connects a guest.
    pub async fn guest(&self, name: &str) -> Client {
        Client::hello(self.address(), json!({ "guest": name })).await
    }

    /// Registers an account and connects it.
    pub async fn account(&self, name: &str) -> Client {
        let account = json!({ "name": name, "password": "correct horse battery" });
        let (status, body) = http(self.address(), "POST", "/api/v1/register", &account).await;
        assert_eq!(status, 200, "{name} cannot register: {body}");
        Client::hello(self.address(), json!({ "token": body["token"] })).await
    }

    /// Connects someone again, after the server was away.
    pub async fn resume(&self, client: &Client) -> Client {
        Client::hello(self.address(), json!({ "token": client.token() })).await
    }

    /// Returns the status and the body of a request to the public listener, with this person's token.
    pub async fn get(&self, client: &Client, path: &str) -> (u16, Value) {
        request(self.address(), ("GET", path), Some(client.token()), "").await
    }

    /// Returns what `/health/{name}` shows the operator.
    pub async fn health(&self, name: &str) -> Value {
        let path = format!("/health/{name}");
        let operator = self.running().operator_address();
        request(operator, ("GET", &path), None, "").await.1
    }

    /// Waits until the extension has followed everything that was said so far.
    pub async fn caught_up(&self, extension: &str) {
        let core = self.running().database("core").expect("there is a core");
        let began = Instant::now();
        loop {
            let behind = super::snapshot::behind(&core, &self.database_of(extension)).await;
            if behind == Some(0) {
                return;
            }
            let health = self.health(extension).await;
            assert!(
                began.elapsed() < LIMIT,
                "{extension} does not catch up, {behind:?} entries are missing: {health}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns everything that is in the extension's tables.
    pub async fn snapshot(&self, extension: &str) -> Snapshot {
        Snapshot::of(&self.database_of(extension)).await
    }

    /// Makes the follower wait, until [`TestServer::go_on`].
    pub fn hold(&self) {
        self.faults.hold(true);
    }

    /// Lets the follower go on.
    pub fn go_on(&self) {
        self.faults.hold(false);
    }

    /// Makes the follower panic the next time that it carries out a page.
    pub fn panic_once(&self) {
        self.faults.panic_once();
    }

    /// Sets the extension's clock forward: [`Cx::now_ms`](extension::Cx::now_ms).
    pub fn advance(&self, by: Duration) {
        self.faults.advance(by);
    }

    /// Deletes the extension's database, while the server does not run.
    pub async fn lose_database(&mut self, extension: &str) {
        assert!(self.running.is_none(), "the server is running");
        self.place.lose(extension).await;
    }

    /// Returns the address of the public listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.running().address()
    }

    fn database_of(&self, extension: &str) -> storage::Database {
        let database = self.running().database(extension);
        database.unwrap_or_else(|| panic!("{extension} has no database"))
    }

    fn running(&self) -> &RunningServer {
        let (running, _) = self.running.as_ref().expect("the server is running");
        running
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some((running, runtime)) = self.running.take() {
            runtime.shutdown_background();
            drop(running);
        }
    }
}

/// Runs something on the server's runtime, and waits for it on the test's.
async fn on<T: Send + 'static>(
    runtime: &Runtime,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    #[expect(
        clippy::disallowed_methods,
        reason = "the kit is no part of the server, whose tasks are named"
    )]
    let running = runtime.spawn(work);
    let done = timeout(LIMIT, running).await;
    done.expect("the server starts and stops in time")
        .expect("it does not panic")
}

async fn http(address: SocketAddr, method: &str, path: &str, body: &Value) -> (u16, Value) {
    request(address, (method, path), None, &body.to_string()).await
}

/// Makes one request over a connection of its own.
async fn request(
    address: SocketAddr,
    (method, path): (&str, &str),
    token: Option<&str>,
    body: &str,
) -> (u16, Value) {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n{}\r\n",
        body.len(),
        authorization.unwrap_or_default(),
    );
    let asking = async {
        let mut tcp = TcpStream::connect(address).await?;
        tcp.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut response = String::new();
        tcp.read_to_string(&mut response).await?;
        std::io::Result::Ok(response)
    };
    let response = timeout(LIMIT, asking).await.expect("the server answers");
    let response = response.expect("the server can be reached");
    let status = response
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok());
    let body = response.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    (status.expect("it answers in HTTP"), body)
}
