//! The list of open sockets: who may still come in, and whom to reach when the server stops.

use super::close::Close;
use super::conn::Conn;
use super::peer::Peer;
use sessions::api::ConnectionId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

pub(crate) struct Registry {
    /// Random, so that ids of two processes differ.
    upper: u64,
    counter: AtomicU64,
    open: Mutex<Open>,
    /// Commands read and not yet answered.
    unanswered: AtomicUsize,
    /// Rung whenever a socket has gone, or the last command was answered.
    left: Notify,
}

#[derive(Default)]
struct Open {
    conns: HashMap<ConnectionId, Arc<Conn>>,
    per_network: HashMap<Peer, usize>,
    stop: Stop,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            upper: u64::from(rand::random::<u32>()) << 32,
            counter: AtomicU64::new(1),
            open: Mutex::default(),
            unanswered: AtomicUsize::new(0),
            left: Notify::new(),
        }
    }

    /// An id no other connection has.
    pub(crate) fn next_id(&self) -> ConnectionId {
        ConnectionId(self.upper | (self.counter.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff))
    }

    /// Enters a socket in the list; it leaves when the guard is dropped. `None`: there are too many
    /// of this peer.
    pub(crate) fn enter(
        self: &Arc<Self>,
        conn: &Arc<Conn>,
        peer: Peer,
        max: usize,
    ) -> Option<Entered> {
        let mut open = self.open();
        let count = open.per_network.entry(peer).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        open.conns.insert(conn.id, Arc::clone(conn));
        match open.stop {
            Stop::No => {}
            Stop::Draining => conn.drain(),
            Stop::Goodbye(after) => {
                conn.drain();
                conn.say_goodbye(after);
            }
        }
        Some(Entered {
            registry: Arc::clone(self),
            id: conn.id,
            peer,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.open().conns.len()
    }

    pub(crate) fn close_all(&self, close: Close) {
        self.all().iter().for_each(|conn| conn.close(close));
    }

    /// Every socket stops reading commands, those that come in later too.
    pub(crate) fn drain(&self) {
        self.open().stop = Stop::Draining;
        self.all().iter().for_each(|conn| conn.drain());
    }

    /// Every socket is said goodbye to; each client gets a moment of its own to come back.
    pub(crate) fn say_goodbye(&self, after_ms: impl Fn() -> u64) {
        self.open().stop = Stop::Goodbye(after_ms());
        for conn in self.all() {
            conn.say_goodbye(after_ms());
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Conn>> {
        self.open().conns.values().cloned().collect()
    }

    /// A command was read.
    pub(crate) fn asked(&self) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// So many were answered, or will not be.
    pub(crate) fn answered(&self, count: usize) {
        let before = self.unanswered.fetch_sub(count, Ordering::SeqCst);
        if count > 0 && before == count {
            self.left.notify_waiters();
        }
    }

    /// Commands that were read and have no reply yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::SeqCst)
    }

    /// Waits until no socket is open.
    pub(crate) async fn empty(&self) {
        self.until(|| self.count() == 0).await;
    }

    /// Waits until every command that was read has its reply.
    pub(crate) async fn all_answered(&self) {
        self.until(|| self.unanswered() == 0).await;
    }

    async fn until(&self, done: impl Fn() -> bool) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if done() {
                return;
            }
            left.await;
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open
            .lock()
            .expect("nothing panics under the list's lock")
    }
}

/// Whether the server stops.
#[derive(Default, Clone, Copy)]
enum Stop {
    #[default]
    No,
    /// No more commands are read.
    Draining,
    /// Goodbye is said: who comes now is to come back after so many milliseconds.
    Goodbye(u64),
}

/// A socket in the list.
pub(crate) struct Entered {
    registry: Arc<Registry>,
    id: ConnectionId,
    peer: Peer,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.registry.open();
        if let Some(conn) = open.conns.remove(&self.id) {
            conn.end();
        }
        if let Some(count) = open.per_network.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.per_network.remove(&self.peer);
            }
        }
        drop(open);
        self.registry.left.notify_waiters();
    }
}
