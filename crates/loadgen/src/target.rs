//! The server under load: started on a new store, killed when dropped.

use crate::options::ServerOptions;
use crate::peer::Peer;
use crate::process;
use anyhow::{Context, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

pub(crate) struct Target {
    options: ServerOptions,
    folder: tempfile::TempDir,
    child: Child,
    pub(crate) peer: Peer,
    pub(crate) address: String,
}

impl Target {
    /// Starts a server and waits until it is healthy.
    pub(crate) async fn start(options: &ServerOptions) -> anyhow::Result<Self> {
        if !options.unpinned {
            process::pin_this().await?;
        }
        let folder = match &options.store {
            Some(parent) => tempfile::tempdir_in(parent)?,
            None => tempfile::tempdir()?,
        };
        let peer = options.peer;
        let (child, address) = match peer {
            peer if peer.is_parlor() => spawn(options, folder.path()).await?,
            _ => spawn_peer(options, folder.path()).await?,
        };
        let target = Self {
            options: options.clone(),
            folder,
            child,
            peer,
            address,
        };
        if peer.is_parlor() {
            target.wait_until_healthy().await?;
        }
        Ok(target)
    }

    /// Kills the server, starts it again on the same store and returns how long it took until
    /// `/health` answered 200.
    pub(crate) async fn kill_and_restart(&mut self) -> anyhow::Result<Duration> {
        self.child.kill().await?;
        self.restart().await
    }

    /// Stops the server with SIGTERM, starts it again and returns how long the start took.
    pub(crate) async fn stop_and_restart(&mut self) -> anyhow::Result<Duration> {
        let pid = self.pid().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        self.child.wait().await?;
        self.restart().await
    }

    async fn restart(&mut self) -> anyhow::Result<Duration> {
        let started = Instant::now();
        (self.child, self.address) = spawn(&self.options, self.folder.path()).await?;
        self.wait_until_healthy().await?;
        Ok(started.elapsed())
    }

    async fn wait_until_healthy(&self) -> anyhow::Result<()> {
        for _ in 0..6_000 {
            if http(&self.address, "GET", "/health", "").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the server is not healthy after 30 s")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        process::cpu(self.pid())
    }

    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        process::resident(self.pid())
    }
}

async fn spawn(options: &ServerOptions, folder: &Path) -> anyhow::Result<(Child, String)> {
    let mut command = program(options, &options.parlor);
    command
        .env("PARLOR_LISTEN", "127.0.0.1:0")
        .env("PARLOR_OPERATOR_LISTEN", "127.0.0.1:0")
        .env("PARLOR_DATA_DIR", folder.join("data"))
        .env("PARLOR_LIMITS", "off")
        .env("PARLOR_LOG_FORMAT", "json")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(url) = &options.postgres {
        command.env("CORE_DB_URL", url);
    }
    let mut child = command.spawn().with_context(|| {
        format!(
            "starting {} (build it with `just dist`)",
            options.parlor.display()
        )
    })?;
    let mut log = BufReader::new(
        child
            .stderr
            .take()
            .context("the server has no standard error")?,
    );
    let address = timeout(Duration::from_secs(60), wait_for_address(&mut log))
        .await
        .context("the server is not listening after 60 s")??;
    drain_log(log);
    Ok((child, address))
}

/// Returns the command that starts a server, pinned to the first processor unless `--unpinned`.
fn program(options: &ServerOptions, path: &Path) -> Command {
    if options.unpinned {
        return Command::new(path);
    }
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", "0"]).arg(path);
    pinned
}

async fn spawn_peer(options: &ServerOptions, folder: &Path) -> anyhow::Result<(Child, String)> {
    // The port was free a moment ago, and nothing else on this machine takes ports.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port();
    options.peer.prepare(port, folder)?;
    let (path, arguments) = options.peer.command(&options.peers, port, folder);
    let mut child = program(options, &path)
        .args(arguments)
        .env("NODE_ENV", "production")
        .env("GOMAXPROCS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {} (bench/peers/install)", path.display()))?;
    let address = format!("127.0.0.1:{port}");
    for _ in 0..2_000 {
        if let Some(status) = child.try_wait()? {
            bail!(
                "{:?} ended with {status} (bench/peers/install)",
                options.peer
            );
        }
        if TcpStream::connect(&address).await.is_ok() {
            return Ok((child, address));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("{:?} is not listening after 10 s", options.peer)
}

async fn wait_for_address(log: &mut BufReader<ChildStderr>) -> anyhow::Result<String> {
    let mut output = String::new();
    loop {
        let mut line = String::new();
        if log.read_line(&mut line).await? == 0 {
            bail!("the server ended: {output}");
        }
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = value["fields"]["address"]
            .as_str()
            .or(value["address"].as_str())
        {
            return Ok(address.to_owned());
        }
        output.push_str(&line);
    }
}

/// Reads the rest of the log and discards it, so that the pipe does not fill up.
fn drain_log(mut log: BufReader<ChildStderr>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the generator is not part of the server"
    )]
    tokio::spawn(async move {
        let mut rest = [0; 8192];
        while log.read(&mut rest).await.is_ok_and(|n| n > 0) {}
    });
}

/// Sends one HTTP request and returns the body of a 2xx response.
pub(crate) async fn http(
    address: &str,
    method: &str,
    path: &str,
    body: &str,
) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("not an HTTP response")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        bail!("{method} {path}: {status} {body}");
    }
    Ok(body.to_owned())
}
