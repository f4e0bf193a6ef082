//! The real binary in its own process, with its own data and a clean environment.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Longest wait of a test.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Returns the command of the binary with nothing but its data directory set.
pub(crate) fn parlor(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    prepared(&mut command, folder);
    command
}

fn prepared(command: &mut Command, folder: &Path) {
    command
        .env_clear()
        .current_dir(folder)
        .env("PARLOR_LISTEN", "127.0.0.1:0")
        .env("PARLOR_OPERATOR_LISTEN", "127.0.0.1:0")
        .env("PARLOR_DATA_DIR", folder.join("data"))
        .stdin(Stdio::null());
}

/// How a command other than serve ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Ended {
        code: status.code(),
        out: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
    pub(crate) address: SocketAddr,
    pub(crate) operator: SocketAddr,
    /// Its data, which is removed with it.
    folder: Option<TempDir>,
}

impl Server {
    /// Starts a server with these settings and its own data.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = parlor(folder.path());
        command.envs(settings.iter().copied());
        let mut server = Self::launch(&mut command);
        server.folder = Some(folder);
        server
    }

    /// Starts a server with a limit of open files.
    pub(crate) fn with_files(files: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new("sh");
        prepared(&mut command, folder.path());
        let script = format!("ulimit -n {files}; exec \"$0\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_parlor")]);
        let mut server = Self::launch(&mut command);
        server.folder = Some(folder);
        server
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn launch(command: &mut Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Self {
            child,
            lines,
            log: Vec::new(),
            address: nowhere,
            operator: nowhere,
            folder: None,
        };
        let line = server.logged("listening");
        let address = |name: &str| line[name].as_str().unwrap().parse().unwrap();
        (server.address, server.operator) = (address("address"), address("operator"));
        server
    }

    /// Returns the next log line whose message contains this text.
    pub(crate) fn logged(&mut self, text: &str) -> Value {
        loop {
            let Ok(line) = self.lines.recv_timeout(LONG) else {
                panic!("no log line contains {text:?}:\n{}", self.log.join("\n"));
            };
            self.log.push(line);
            let line = self.log.last().unwrap();
            let line: Value = serde_json::from_str(line).unwrap_or(Value::Null);
            if line["message"]
                .as_str()
                .is_some_and(|message| message.contains(text))
            {
                return line;
            }
        }
    }

    /// Returns whether such a line has been logged by now.
    pub(crate) fn has_logged(&mut self, text: &str) -> bool {
        self.log.extend(self.lines.try_iter());
        self.log.iter().any(|line| line.contains(text))
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the process and returns its exit code and the whole log.
    pub(crate) fn ended(mut self) -> (Option<i32>, Vec<String>) {
        while let Ok(line) = self.lines.recv_timeout(LONG) {
            self.log.push(line);
        }
        let code = self.child.wait().unwrap().code();
        (code, std::mem::take(&mut self.log))
    }

    pub(crate) fn stop(self) -> (Option<i32>, Vec<String>) {
        self.signal("TERM");
        self.ended()
    }

    /// Connects to the public listener.
    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Sends a GET request to the public listener.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// Sends a request to the public listener.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        ask(self.address, method, path, headers, body)
    }

    /// Sends a GET request to the operator's listener.
    pub(crate) fn operator(&self, path: &str) -> Answer {
        ask(self.operator, "GET", path, &[], "")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, LONG).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

/// An HTTP response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads everything until the other side closes.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            status: status.unwrap_or_default(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns the name of the error.
    pub(crate) fn error(&self) -> String {
        self.json()["err"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let more: String = headers
        .iter()
        .map(|(name, value)| [name, ": ", value, "\r\n"].concat())
        .collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{more}connection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    Answer::read(&mut stream)
}
