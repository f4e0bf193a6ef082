//! One child process and what it wrote to stderr.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// A process whose stderr is kept line by line. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Mutex<Child>,
    lines: Arc<Mutex<Vec<String>>>,
    count: watch::Receiver<usize>,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let stderr = child.stderr.take().expect("stderr is piped");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (counter, count) = watch::channel(0);
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                let mut kept = kept.lock().expect("nobody panics with the lines");
                kept.push(line);
                counter.send_replace(kept.len());
            }
        });
        Self {
            child: Mutex::new(child),
            lines,
            count,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child
            .lock()
            .expect("nobody panics with the child")
            .id()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines
            .lock()
            .expect("nobody panics with the lines")
            .clone()
    }

    /// The first answer `wanted` gives to a line, from the first line on; `None` when the process
    /// has ended or the time is up without one.
    pub(crate) async fn line<T>(
        &self,
        within: Duration,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let mut count = self.count.clone();
        let search = async {
            loop {
                count.borrow_and_update();
                if let Some(found) = self.lines().iter().find_map(|line| wanted(line)) {
                    return Some(found);
                }
                if count.changed().await.is_err() {
                    return self.lines().iter().find_map(|line| wanted(line));
                }
            }
        };
        tokio::time::timeout(within, search).await.ok().flatten()
    }

    /// SIGKILL, and waits until the process is gone.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().expect("nobody panics with the child");
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Sends a signal by its name, `TERM` or `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.id().to_string()])
            .status()
            .expect("kill can be run");
        assert!(status.success(), "the process is there to be signalled");
    }

    pub(crate) fn status(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().expect("nobody panics with the child");
        child.try_wait().expect("a child can be waited for")
    }

    /// How it ended, or `None` when it did not within this time.
    pub(crate) async fn ended(&self, within: Duration) -> Option<ExitStatus> {
        let end = tokio::time::Instant::now() + within;
        loop {
            if let Some(status) = self.status() {
                return Some(status);
            }
            if tokio::time::Instant::now() >= end {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
