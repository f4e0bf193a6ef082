//! One child process and its standard error.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Whether the process's output is being read.
#[derive(Debug, Default)]
struct Reading {
    paused: Mutex<bool>,
    changed: Condvar,
}

impl Reading {
    fn set(&self, paused: bool) {
        *self.paused.lock().expect("the lock is not poisoned") = paused;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let paused = self.paused.lock().expect("the lock is not poisoned");
        let gone_on = self.changed.wait_while(paused, |paused| *paused);
        drop(gone_on.expect("the lock is not poisoned"));
    }
}

/// A process whose standard error is kept line by line. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Mutex<Child>,
    lines: Arc<Mutex<Vec<String>>>,
    reading: Arc<Reading>,
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
        let reading = Arc::new(Reading::default());
        let may_read = Arc::clone(&reading);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                may_read.wait();
                let line = String::from_utf8_lossy(&line).into_owned();
                let mut kept = kept.lock().expect("the lock is not poisoned");
                kept.push(line);
                counter.send_replace(kept.len());
            }
        });
        Self {
            child: Mutex::new(child),
            lines,
            reading,
            count,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.lock().expect("the lock is not poisoned").id()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("the lock is not poisoned").clone()
    }

    /// Stops reading the output, so that the pipe fills up and the process must wait.
    pub(crate) fn stop_reading(&self) {
        self.reading.set(true);
    }

    /// Reads the output again, from where it stopped.
    pub(crate) fn read_on(&self) {
        self.reading.set(false);
    }

    /// Returns the first value that `wanted` returns for a line, from the first line on; `None` if
    /// the process ends or the time is up before.
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

    /// Sends SIGKILL and waits until the process has ended.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().expect("the lock is not poisoned");
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
        let mut child = self.child.lock().expect("the lock is not poisoned");
        child.try_wait().expect("a child can be waited for")
    }

    /// Waits for the process and returns how it ended; `None` if it is still running after this
    /// time.
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
        self.read_on();
        self.kill();
    }
}
