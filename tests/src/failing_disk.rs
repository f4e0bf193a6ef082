//! A disk whose syncs fail: strace injects the errors.

use crate::server::Server;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Fails every sync of a server until dropped or until the server has ended.
#[derive(Debug)]
#[must_use]
pub struct FailingDisk(Child);

impl FailingDisk {
    /// Attaches to a server.
    pub async fn under(server: &Server) -> Self {
        let process = server.process().to_string();
        let attached = tokio::task::spawn_blocking(move || {
            let mut strace = Command::new("strace")
                .args(["-f", "-e", "trace=fsync,fdatasync"])
                .args(["-e", "inject=fsync,fdatasync:error=EIO"])
                .args(["-p", &process])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("strace is installed (apt-get install strace)");
            let stderr = strace.stderr.take().expect("it is a pipe");
            let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
            let attached = lines.find(|line| line.contains("attached"));
            assert!(attached.is_some(), "strace is allowed to attach");
            // strace must not block on a full pipe.
            std::thread::spawn(move || lines.for_each(drop));
            strace
        });
        Self(attached.await.expect("strace attaches"))
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        // strace may have ended with the server.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
