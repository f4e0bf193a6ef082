//! The binary as a child process: start, kill, stop, restart on the same data and port.

use crate::api::Api;
use crate::breakable_stream::BreakableStream;
use crate::client::Client;
use crate::http_connection::connect_from;
use crate::launch::Launch;
use crate::process::Process;
use crate::scrape::Scrape;
use crate::seen_entries::SeenEntries;
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, client::IntoClientRequest};

const START: Duration = Duration::from_secs(60);
/// Longest wait of a client that retries to connect.
const CONNECT: Duration = Duration::from_secs(5);
const STOP: Duration = Duration::from_secs(20);

/// How a server ended.
#[derive(Debug)]
pub struct Exit {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard error.
    pub lines: Vec<String>,
}

/// A running server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Server(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    environment: BTreeMap<String, String>,
    launch: Launch,
    seen_entries: SeenEntries,
    running: Mutex<Arc<Running>>,
    troubled: AtomicBool,
    panicked: AtomicBool,
}

#[derive(Debug)]
struct Running {
    process: Process,
    address: SocketAddr,
    operator: SocketAddr,
}

impl Server {
    /// Starts the binary and waits until it listens.
    pub(crate) async fn start(
        environment: BTreeMap<String, String>,
        how: Launch,
        seen_entries: SeenEntries,
    ) -> Result<Self, Exit> {
        let running = Mutex::new(Arc::new(launch(&environment, &how, None).await?));
        Ok(Self(Arc::new(Inner {
            environment,
            launch: how,
            seen_entries,
            running,
            troubled: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
        })))
    }

    fn running(&self) -> Arc<Running> {
        Arc::clone(&self.0.running.lock().expect("the lock is not poisoned"))
    }

    /// Returns the address of the public listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// Returns an HTTP client of the public listener.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::at(self.running().address)
    }

    /// Returns an HTTP client of the operator's listener.
    #[must_use]
    pub fn operator(&self) -> Api {
        Api::at(self.running().operator)
    }

    /// Returns the address of the operator's listener.
    pub(crate) fn operator_address(&self) -> SocketAddr {
        self.running().operator
    }

    /// Fetches and parses the metrics page.
    pub async fn scrape(&self) -> Scrape {
        let page = self.operator().get("/metrics").await;
        assert_eq!(page.status, StatusCode::OK);
        let text = std::str::from_utf8(&page.body).expect("the metrics are text");
        Scrape::read(text).unwrap_or_else(|why| panic!("{why}\n{text}"))
    }

    /// Returns the lines of its standard error since its last start.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.running().process.lines()
    }

    /// Waits for a log line that contains this text.
    pub async fn logged(&self, text: &str) -> String {
        let running = self.running();
        let line = |line: &str| line.contains(text).then(|| line.to_owned());
        let found = running.process.line(START, line).await;
        found.unwrap_or_else(|| panic!("no log line contains {text:?}"))
    }

    /// Connects without `hello`.
    pub async fn connect(&self) -> Client {
        let client = self.dial(Dial::default()).await;
        client.unwrap_or_else(|refusal| panic!("the upgrade was refused: {refusal:?}"))
    }

    /// Connects as a guest with this name.
    pub async fn guest(&self, name: &str) -> Client {
        self.hello(json!({"guest": name})).await
    }

    /// Connects and sends this `hello`, which must succeed.
    pub async fn hello(&self, d: Value) -> Client {
        let mut client = self.connect().await;
        let said = client.hello(d.clone()).await;
        said.unwrap_or_else(|refusal| panic!("hello {d} was refused: {}", refusal.all));
        client
    }

    /// Registers an account and returns its token.
    pub async fn register(&self, name: &str) -> String {
        let body = json!({"name": name, "password": format!("the password of {name}")});
        let ok = self
            .api()
            .post_patiently("/api/v1/register", &body)
            .await
            .ok();
        ok["token"].as_str().expect("a token is text").to_owned()
    }

    /// Registers an account and connects as it.
    pub async fn account(&self, name: &str) -> Client {
        let token = self.register(name).await;
        self.hello(json!({"token": token})).await
    }

    /// Connects as another tab of the same session.
    pub async fn tab(&self, of: &Client, tab: &str) -> Client {
        self.hello(json!({"token": of.token(), "tab": tab})).await
    }

    /// Connects as the same session and resumes from this client's cursors.
    pub async fn resume(&self, client: &Client) -> Client {
        self.hello(client.resume()).await
    }

    /// Connects as described, or returns the status and body of the refusal.
    pub async fn dial(&self, dial: Dial) -> Result<Client, (StatusCode, String)> {
        let address = dial.address.unwrap_or_else(|| self.address());
        let mut request = format!("ws://{address}{}", dial.path)
            .into_client_request()
            .expect("the address makes a request");
        for (name, value) in &dial.headers {
            let value = HeaderValue::from_str(value).expect("a header's value");
            request.headers_mut().append(*name, value);
        }
        let stream = match dial.from {
            Some(own) => connect_from(own, address).await,
            None => TcpStream::connect(address).await,
        };
        let stream = stream.expect("the server accepts");
        match self.upgrade(request, stream, &dial).await {
            Ok(client) => Ok(client),
            Err(Error::Http(response)) => Err(refused_upgrade(*response)),
            Err(other) => panic!("the upgrade failed: {other}"),
        }
    }

    /// Connects by this address; returns nothing if nothing listens there.
    pub(crate) async fn try_connect(&self, address: SocketAddr) -> Option<Client> {
        let request = format!("ws://{address}/ws").into_client_request().ok()?;
        let connecting = async {
            let stream = TcpStream::connect(address).await.ok()?;
            self.upgrade(request, stream, &Dial::default()).await.ok()
        };
        tokio::time::timeout(CONNECT, connecting).await.ok()?
    }

    async fn upgrade(
        &self,
        request: Request<()>,
        stream: TcpStream,
        dial: &Dial,
    ) -> Result<Client, Error> {
        let _ = stream.set_nodelay(true);
        let upgrade = tokio_tungstenite::client_async(request, BreakableStream::whole(stream));
        let upgraded = tokio::time::timeout(START, upgrade).await;
        let (stream, response) = upgraded.expect("the upgrade is answered in time")?;
        let echoed = response.headers().get("sec-websocket-protocol");
        assert_eq!(
            echoed.is_some(),
            dial.offers(),
            "parlor.v1 is echoed when offered"
        );
        Ok(Client::new(stream, self.0.seen_entries.clone(), dial))
    }

    /// Returns what all clients of the store have seen.
    pub(crate) fn seen_entries(&self) -> SeenEntries {
        self.0.seen_entries.clone()
    }

    /// Returns its process id.
    pub(crate) fn process(&self) -> u32 {
        self.running().process.id()
    }

    /// Stops reading its log, so that it cannot write any more.
    pub(crate) fn stop_reading(&self) {
        self.running().process.stop_reading();
    }

    /// Reads its log again.
    pub(crate) fn read_on(&self) {
        self.running().process.read_on();
    }

    /// Sends SIGKILL.
    pub fn kill(&self) {
        self.running().process.kill();
    }

    /// Sends a signal by name, `TERM` or `STOP`.
    pub fn signal(&self, name: &str) {
        self.running().process.signal(name);
    }

    /// Waits for the end of the process.
    pub async fn ended(&self) -> Exit {
        let running = self.running();
        let status = running
            .process
            .ended(STOP)
            .await
            .expect("the server stops in time");
        Exit {
            code: status.code(),
            lines: running.process.lines(),
        }
    }

    /// Sends SIGTERM and waits for the process to end.
    pub async fn stop(&self) -> Exit {
        self.signal("TERM");
        self.ended().await
    }

    /// Restarts on the same data and port. The old process must have ended.
    pub async fn start_again(&self) {
        let address = self.address();
        for _ in 0..20 {
            match launch(&self.0.environment, &self.0.launch, Some(address)).await {
                Ok(running) => {
                    *self.0.running.lock().expect("the lock is not poisoned") = Arc::new(running);
                    return;
                }
                // An outgoing connection of another process may hold the port for a moment.
                Err(exit) if exit.lines.iter().any(|line| line.contains("in use")) => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(exit) => panic!(
                    "no second start: {:?}\n{}",
                    exit.code,
                    exit.lines.join("\n")
                ),
            }
        }
        panic!("the port {address} did not come free");
    }

    /// Sends SIGKILL and restarts.
    pub async fn crash(&self) {
        self.kill();
        self.start_again().await;
    }

    /// Allows error lines in the log, since this test causes trouble on purpose.
    pub fn expect_trouble(&self) {
        self.0.troubled.store(true, Ordering::Relaxed);
    }

    /// Allows panics in the log, since this test causes them on purpose.
    pub fn expect_panics(&self) {
        self.0.panicked.store(true, Ordering::Relaxed);
    }

    /// Stops the server, if it is still running, and checks that it ended cleanly: all database
    /// connections and credits returned, no error logged, exit code 0.
    pub(crate) async fn finish(&self) {
        let running = self.running();
        if running.process.status().is_some() {
            return;
        }
        self.quiet("/health/db-pool", &["in_use", "waiting"]).await;
        self.quiet("/health/bus", &["credits_in_use", "depth"])
            .await;
        let exit = self.stop().await;
        let shown = exit.lines.join("\n");
        assert_eq!(
            exit.code,
            Some(0),
            "the server did not end cleanly\n{shown}"
        );
        let may_panic = self.0.panicked.load(Ordering::Relaxed);
        assert!(
            may_panic || !shown.contains("panicked"),
            "nothing panicked\n{shown}"
        );
        if !self.0.troubled.load(Ordering::Relaxed) {
            let error = exit.lines.iter().find(|line| is_error(line));
            assert!(error.is_none(), "an error was logged: {error:?}");
        }
    }

    /// Waits until all these numbers of an operator's page are zero.
    async fn quiet(&self, path: &str, figures: &[&str]) {
        let end = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            let page = self.operator().get(path).await.json();
            if figures.iter().all(|figure| sum(&page, figure) == 0) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < end,
                "{path} did not become quiet: {page}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The options of an upgrade request.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Another address than the server's.
    address: Option<SocketAddr>,
    /// Another address of the machine than the kernel chooses.
    from: Option<&'static str>,
    path: String,
    headers: Vec<(&'static str, String)>,
}

impl Default for Dial {
    fn default() -> Self {
        Self {
            address: None,
            from: None,
            path: "/ws".to_owned(),
            headers: Vec::new(),
        }
    }
}

impl Dial {
    /// Connects to a proxy in front of the server.
    #[must_use]
    pub fn at(mut self, proxy: SocketAddr) -> Self {
        self.address = Some(proxy);
        self
    }

    /// Connects from another address of the machine, such as `127.0.0.2`.
    #[must_use]
    pub fn from(mut self, address: &'static str) -> Self {
        self.from = Some(address);
        self
    }

    /// Uses another path or query.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Comes from a page of this origin.
    #[must_use]
    pub fn origin(mut self, origin: &str) -> Self {
        self.headers.push(("origin", origin.to_owned()));
        self
    }

    /// Offers these subprotocols.
    #[must_use]
    pub fn offering(mut self, protocols: &str) -> Self {
        self.headers
            .push(("sec-websocket-protocol", protocols.to_owned()));
        self
    }

    /// Sends this header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn offers(&self) -> bool {
        self.headers
            .iter()
            .any(|(name, _)| *name == "sec-websocket-protocol")
    }

    pub(crate) fn label(&self) -> String {
        format!("a connection to {}", self.path)
    }
}

fn refused_upgrade(response: Response<Option<Vec<u8>>>) -> (StatusCode, String) {
    let (parts, body) = response.into_parts();
    (
        parts.status,
        String::from_utf8_lossy(&body.unwrap_or_default()).into_owned(),
    )
}

async fn launch(
    environment: &BTreeMap<String, String>,
    how: &Launch,
    address: Option<SocketAddr>,
) -> Result<Running, Exit> {
    let mut command = how.command(environment);
    if let Some(address) = address {
        command.env("PARLOR_LISTEN", address.to_string());
    }
    let process = Process::spawn(command);
    let Some((address, operator)) = process.line(START, listening).await else {
        let status = process.ended(Duration::from_secs(5)).await;
        process.kill();
        return Err(Exit {
            code: status.and_then(|end| end.code()),
            lines: process.lines(),
        });
    };
    Ok(Running {
        process,
        address,
        operator,
    })
}

/// Returns the two addresses in the line that says that the server listens.
fn listening(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = if line["fields"].is_object() {
        &line["fields"]
    } else {
        &line
    };
    if !fields["message"].as_str()?.contains("listening") {
        return None;
    }
    let address = |name: &str| fields[name].as_str()?.parse().ok();
    Some((address("address")?, address("operator")?))
}

fn is_error(line: &str) -> bool {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    line["level"]
        .as_str()
        .is_some_and(|level| level.eq_ignore_ascii_case("error"))
}

/// Returns the sum of all numbers with this name, at any depth.
fn sum(page: &Value, figure: &str) -> u64 {
    match page {
        Value::Array(list) => list.iter().map(|one| sum(one, figure)).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value.as_u64() {
                Some(number) if name == figure => number,
                _ => sum(value, figure),
            })
            .sum(),
        _ => 0,
    }
}
