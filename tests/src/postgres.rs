//! A real PostgreSQL server, started once per test run by whoever needs it first; and others of
//! one trial each, which may be stopped, restarted and frozen.
//!
//! It listens on a free port of 127.0.0.1, belongs to an unprivileged user, keeps its data in a
//! temporary folder with fsync on, and ends with the test run: a shell that holds our pipe stops
//! it and removes its data when the pipe closes, however the run ended.

use crate::folder::Folder;
use crate::small_disk::SmallDisk;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

static SHARED: OnceLock<Arc<Postgres>> = OnceLock::new();

/// Does to the server what its stdin says; stops it when that ends, and removes the data. A frozen
/// postmaster makes no more children, so it is frozen first.
const SUPERVISE: &str = r#"
data=$1; shift
serve() { "$@" >>"$data/log" 2>&1 & server=$!; }
children() { ps -o pid= --ppid $server; }
serve "$@"
while read -r order; do
    case $order in
        start) serve "$@" ;;
        stop) kill -QUIT $server; wait $server ;;
        restart) kill -INT $server; wait $server; serve "$@" ;;
        freeze) kill -STOP $server; kill -STOP $(children) ;;
        thaw) kill -CONT $(children) $server ;;
    esac
    echo done
done
kill -CONT $server $(children)
kill -QUIT $server
wait $server
rm -rf "$data"/*
rmdir "$data"
"#;

pub(crate) struct Postgres {
    port: u16,
    programs: PathBuf,
    data: PathBuf,
    supervisor: Mutex<Supervisor>,
    disk: Option<SmallDisk>,
}

struct Supervisor {
    process: Child,
    /// What keeps the server alive. `None` when it is to end.
    orders: Option<ChildStdin>,
    done: BufReader<ChildStdout>,
}

impl Postgres {
    /// The server of this test run.
    pub(crate) fn shared() -> &'static Arc<Self> {
        SHARED.get_or_init(|| Arc::new(Self::start(None)))
    }

    /// A server of one trial.
    pub(crate) fn alone() -> Arc<Self> {
        Arc::new(Self::start(None))
    }

    /// A server of one trial, whose data is on a disk of so many megabytes.
    pub(crate) fn on_a_small_disk(megabytes: u32) -> Arc<Self> {
        Arc::new(Self::start(Some(megabytes)))
    }

    /// A hot standby of this server, fed by streaming replication: another server of one trial.
    pub(crate) fn standby(&self) -> Self {
        Self::made(None, |programs, owner, data| {
            copy(programs, owner, data, self.port);
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://parlor@127.0.0.1:{}/{database}", self.port)
    }

    /// The disk it is on, if that is a small one.
    pub(crate) fn disk(&self) -> Option<&SmallDisk> {
        self.disk.as_ref()
    }

    /// Stops at once, as if the power had failed.
    pub(crate) fn stop(&self) {
        self.order("stop");
    }

    /// Starts again, and waits until it answers.
    pub(crate) fn start_again(&self) {
        self.order("start");
        self.wait_until_ready();
    }

    /// Ends all connections and starts again, and waits until it answers.
    pub(crate) fn restart(&self) {
        self.order("restart");
        self.wait_until_ready();
    }

    /// Stands still from now on: connections stay open, and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.order("freeze");
    }

    /// Goes on where it stood still.
    pub(crate) fn thaw(&self) {
        self.order("thaw");
    }

    fn order(&self, order: &str) {
        let mut supervisor = self.supervisor.lock().expect("nobody panics with it");
        let orders = supervisor.orders.as_mut().expect("it is not to end");
        writeln!(orders, "{order}").expect("the supervisor reads");
        let mut done = String::new();
        let told = supervisor.done.read_line(&mut done);
        assert_eq!(told.expect("the supervisor answers"), "done\n".len());
    }

    fn start(disk: Option<u32>) -> Self {
        Self::made(disk, initialise)
    }

    fn made(disk: Option<u32>, make: impl FnOnce(&Path, &Owner, &Path)) -> Self {
        let programs = programs();
        let owner = Owner::find();
        let folder = std::mem::ManuallyDrop::new(Folder::new("postgres"));
        let data = folder.path().to_owned();
        let disk = disk.map(|megabytes| SmallDisk::over(&data, megabytes));
        owner.give(&data);
        make(&programs, &owner, &data);
        let port = free_port();
        let mut process = supervise(&programs, &owner, &data, port);
        let orders = process.stdin.take();
        let done = process.stdout.take().expect("it is a pipe");
        let supervisor = Mutex::new(Supervisor {
            process,
            orders,
            done: BufReader::new(done),
        });
        let postgres = Self {
            port,
            programs,
            data,
            supervisor,
            disk,
        };
        postgres.wait_until_ready();
        postgres
    }

    fn wait_until_ready(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let status = Command::new(self.programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .expect("pg_isready can be run");
            if status.success() {
                return;
            }
            let log = std::fs::read_to_string(self.data.join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "PostgreSQL did not start:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The one of a trial has ended when the trial has; what is below it can go then.
impl Drop for Postgres {
    fn drop(&mut self) {
        let Ok(supervisor) = self.supervisor.get_mut() else {
            return;
        };
        drop(supervisor.orders.take());
        let _ = supervisor.process.wait();
        drop(self.disk.take());
        let _ = std::fs::remove_dir(&self.data);
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

/// The files of a running server, as those of its standby.
fn copy(programs: &Path, owner: &Owner, data: &Path, port: u16) {
    let mut command = owner.command("sh");
    command
        .args(["-c", r#"exec "$0" "$@" >&2"#])
        .arg(programs.join("pg_basebackup"))
        .args(["-R", "-N", "-X", "stream", "-c", "fast", "-w"])
        .args(["-h", "127.0.0.1", "-U", "parlor"])
        .args(["-p", &port.to_string(), "-D"])
        .arg(data.join("data"));
    let output = command.output().expect("pg_basebackup can be run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pg_basebackup failed: {told}");
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
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres can be started")
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
