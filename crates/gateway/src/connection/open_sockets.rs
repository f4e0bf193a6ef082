//! The open sockets: limits their number per network and reaches them all when the server stops.

use super::close::Close;
use super::conn::Conn;
use super::peer::Peer;
use parking_lot::{Mutex, MutexGuard};
use sessions::api::ConnectionId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Notify;

pub(crate) struct OpenSockets {
    /// The upper half of every id; random, so that ids of two processes differ.
    upper: u64,
    counter: AtomicU64,
    state: Mutex<OpenSocketsState>,
    /// Commands that were read and have no reply yet.
    unanswered: AtomicUsize,
    /// Notified when a socket leaves, and when the last command has its reply.
    changed: Notify,
}

#[derive(Default)]
struct OpenSocketsState {
    conns: HashMap<ConnectionId, Arc<Conn>>,
    per_network: HashMap<Peer, usize>,
    stop: StopPhase,
}

impl OpenSockets {
    pub(crate) fn new() -> Self {
        Self {
            upper: u64::from(rand::random::<u32>()) << 32,
            counter: AtomicU64::new(1),
            state: Mutex::default(),
            unanswered: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    /// Returns an id that no other connection has.
    pub(crate) fn next_id(&self) -> ConnectionId {
        ConnectionId(self.upper | (self.counter.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff))
    }

    /// Adds a socket, which leaves when the guard is dropped. Returns `None` if this network already has
    /// `max` sockets.
    pub(crate) fn register(
        self: &Arc<Self>,
        conn: &Arc<Conn>,
        peer: Peer,
        max: usize,
    ) -> Option<Registration> {
        let mut state = self.state();
        let count = state.per_network.entry(peer).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        state.conns.insert(conn.id, Arc::clone(conn));
        match state.stop {
            StopPhase::Running => {}
            StopPhase::Draining => conn.drain(),
            StopPhase::Goodbye(after) => {
                conn.drain();
                conn.say_goodbye(after);
            }
        }
        Some(Registration {
            sockets: Arc::clone(self),
            id: conn.id,
            peer,
        })
    }

    /// Returns whether sockets read no more commands.
    pub(crate) fn is_stopping(&self) -> bool {
        !matches!(self.state().stop, StopPhase::Running)
    }

    pub(crate) fn count(&self) -> usize {
        self.state().conns.len()
    }

    pub(crate) fn close_all(&self, close: Close) {
        self.all().iter().for_each(|conn| conn.close(close));
    }

    /// Stops the reading of commands on every socket, including later ones.
    pub(crate) fn drain(&self) {
        self.state().stop = StopPhase::Draining;
        self.all().iter().for_each(|conn| conn.drain());
    }

    /// Says goodbye on every socket, including later ones; each client gets its own reconnect delay.
    pub(crate) fn say_goodbye(&self, after_ms: impl Fn() -> u64) {
        self.state().stop = StopPhase::Goodbye(after_ms());
        for conn in self.all() {
            conn.say_goodbye(after_ms());
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Conn>> {
        self.state().conns.values().cloned().collect()
    }

    /// Counts a command that was read.
    pub(crate) fn command_read(&self) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that was read completely over HTTP, until the guard is dropped.
    pub(crate) fn request_read(self: &Arc<Self>) -> UnansweredRequest {
        self.command_read();
        UnansweredRequest(Arc::clone(self))
    }

    /// Counts commands that have a reply, or will never have one.
    pub(crate) fn commands_answered(&self, count: usize) {
        let before = self.unanswered.fetch_sub(count, Ordering::SeqCst);
        if count > 0 && before == count {
            self.changed.notify_waiters();
        }
    }

    /// Returns the number of commands that were read and have no reply yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::SeqCst)
    }

    /// Waits until no socket is open.
    pub(crate) async fn wait_until_empty(&self) {
        self.wait_until(|| self.count() == 0).await;
    }

    /// Waits until every command that was read has its reply.
    pub(crate) async fn wait_until_answered(&self) {
        self.wait_until(|| self.unanswered() == 0).await;
    }

    async fn wait_until(&self, done: impl Fn() -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if done() {
                return;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, OpenSocketsState> {
        self.state.lock()
    }
}

/// A request over HTTP that has no response yet.
#[must_use = "dropping it counts the request as answered"]
pub(crate) struct UnansweredRequest(Arc<OpenSockets>);

impl Drop for UnansweredRequest {
    fn drop(&mut self) {
        self.0.commands_answered(1);
    }
}

/// How far the server's stop has come.
#[derive(Default, Clone, Copy)]
enum StopPhase {
    #[default]
    Running,
    /// Sockets read no more commands.
    Draining,
    /// Sockets say goodbye; a client that connects now comes back after this many milliseconds.
    Goodbye(u64),
}

/// Keeps a socket among the open ones until dropped.
pub(crate) struct Registration {
    sockets: Arc<OpenSockets>,
    id: ConnectionId,
    peer: Peer,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.sockets.state();
        if let Some(conn) = state.conns.remove(&self.id) {
            conn.mark_ended();
        }
        if let Some(count) = state.per_network.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                state.per_network.remove(&self.peer);
            }
        }
        drop(state);
        self.sockets.changed.notify_waiters();
    }
}
