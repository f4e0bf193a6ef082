//! A real PostgreSQL server, started once per test run by whoever needs it first.
//!
//! It listens on a free port of 127.0.0.1, belongs to an unprivileged user, keeps its data in a
//! temporary folder with fsync on, and ends with the test run: a shell that holds our pipe stops
//! it and removes its data when the pipe closes, however the run ended.

use crate::folder::Folder;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

static SHARED: OnceLock<Postgres> = OnceLock::new();

/// Stops the server when its stdin ends, and removes the data.
const SUPERVISE: &str = r#"
data=$1; shift
"$@" >"$data/log" 2>&1 &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$data"
"#;

pub(crate) struct Postgres {
    port: u16,
    // Its stdin is what keeps the server alive.
    _supervisor: Child,
}

impl Postgres {
    /// The server of this test run.
    pub(crate) fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://parlor@127.0.0.1:{}/{database}", self.port)
    }

    fn start() -> Self {
        let programs = programs();
        let owner = Owner::find();
        let data = std::mem::ManuallyDrop::new(Folder::new("postgres"));
        owner.give(data.path());
        initialise(&programs, &owner, data.path());
        let port = free_port();
        let supervisor = supervise(&programs, &owner, data.path(), port);
        wait_until_ready(&programs, port, data.path());
        Self {
            port,
            _supervisor: supervisor,
        }
    }
}

fn initialise(programs: &Path, owner: &Owner, data: &Path) {
    let mut command = owner.command("sh");
    command
        .args(["-c", r#"exec "$0" "$@" >&2"#])
        .arg(programs.join("initdb"))
        .args([
            "-U",
            "parlor",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ])
        .arg(data.join("data"));
    let output = command.output().expect("initdb can be run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "initdb failed: {told}");
}

fn supervise(programs: &Path, owner: &Owner, data: &Path, port: u16) -> Child {
    owner
        .command("sh")
        .args(["-c", SUPERVISE, "sh"])
        .arg(data)
        .arg(programs.join("postgres"))
        .args(["-D".as_ref(), data.join("data").as_os_str()])
        .args(["-p", &port.to_string()])
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ])
        .args([
            "-c",
            "max_connections=300",
            "-c",
            "fsync=on",
            "-c",
            "synchronous_commit=on",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres can be started")
}

fn wait_until_ready(programs: &Path, port: u16, data: &Path) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let status = Command::new(programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()
            .expect("pg_isready can be run");
        if status.success() {
            return;
        }
        let log = std::fs::read_to_string(data.join("log")).unwrap_or_default();
        assert!(Instant::now() < end, "PostgreSQL did not start:\n{log}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Where Debian keeps the newest version, or else wherever PATH has them. PostgreSQL that is not
/// there is a failure: half of the promise would go untested.
fn programs() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|folder| Some(folder.ok()?.path().join("bin")))
        .filter(|folder| folder.join("postgres").exists())
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .pop()
        .or_else(|| std::env::split_paths(&path).find(|folder| folder.join("postgres").exists()))
        .expect("PostgreSQL is installed (apt-get install postgresql)")
}

/// PostgreSQL refuses to run as root: then it runs as its own user, or as nobody.
struct Owner(Option<(u32, u32)>);

impl Owner {
    fn find() -> Self {
        if id("-u", None) != Some(0) {
            return Self(None);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some(Self(Some((id("-u", Some(name))?, id("-g", Some(name))?)))))
            .expect("there is a user postgres or nobody")
    }

    fn give(&self, folder: &Path) {
        if let Some((user, group)) = self.0 {
            std::os::unix::fs::chown(folder, Some(user), Some(group)).expect("root may give");
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").process_group(0);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

fn id(which: &str, user: Option<&str>) -> Option<u32> {
    let output = Command::new("id")
        .arg(which)
        .args(user)
        .output()
        .expect("id can be run");
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    socket
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

#[cfg(test)]
mod tests {
    use crate::database::Sql;

    #[tokio::test]
    async fn the_server_of_the_test_run_answers() {
        Sql::administer("SELECT 1").await;
    }
}
