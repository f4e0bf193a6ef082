//! One connection as the rest of the gateway holds it: a stream, a queue, a bell.

use super::close::Close;
use super::egress::{Egress, FollowUp, FrameClass};
use super::frame::Frame;
use super::peer::Peer;
use super::stream::Stream;
use super::wakeup::Wakeup;
use crate::Limits;
use sessions::api::ConnectionId;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

const NO_GOODBYE: u64 = u64::MAX;

/// Shared by the connection's own task, which reads and ends it, and the hub, which only puts
/// frames in and flushes.
pub(crate) struct Conn {
    pub(crate) id: ConnectionId,
    pub(crate) stream: Stream,
    /// Whom it counts for.
    peer: Option<Peer>,
    egress: Mutex<Egress>,
    /// Rung when the connection's task has to look up: the queue is blocked, broken or closing, or
    /// the server stops.
    pub(crate) wakeup: Wakeup,
    /// Its own `logout` is under way: the reply comes before the close.
    logging_out: AtomicBool,
    /// The session has ended during that.
    session_ended: AtomicBool,
    /// The server stops: no more commands are read.
    draining: AtomicBool,
    /// After how many milliseconds its client is to come back.
    goodbye: AtomicU64,
    /// Its task has ended.
    task_ended: AtomicBool,
}

impl Conn {
    pub(crate) fn new(id: ConnectionId, stream: Stream, limits: &Limits) -> Self {
        Self {
            id,
            stream,
            peer: None,
            egress: Mutex::new(Egress::new(limits.egress_bytes, limits.egress_age)),
            wakeup: Wakeup::default(),
            logging_out: AtomicBool::new(false),
            session_ended: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            goodbye: AtomicU64::new(NO_GOODBYE),
            task_ended: AtomicBool::new(false),
        }
    }

    /// The same, counted for this network.
    pub(crate) fn with_peer(mut self, peer: Peer) -> Self {
        self.peer = Some(peer);
        self
    }

    /// The network that pays for what it makes; empty when nobody knows it.
    pub(crate) fn network(&self) -> String {
        self.peer.map(|peer| peer.to_string()).unwrap_or_default()
    }

    /// Puts a frame into the queue; `true` asks the caller to flush at the end of its turn.
    #[must_use]
    pub(crate) fn push(&self, frame: Frame, class: FrameClass, now: Instant) -> bool {
        let follow_up = self.egress().push(frame, class, now);
        self.apply(follow_up)
    }

    /// Puts a frame in and flushes at once.
    pub(crate) fn send_now(&self, frame: Frame) {
        if self.push(frame, FrameClass::Reply, Instant::now()) {
            self.flush();
        }
    }

    /// Its session has ended: closed, unless that is its own `logout`, whose reply comes first.
    pub(crate) fn end_session(&self, close: Close) {
        self.session_ended.store(true, Ordering::SeqCst);
        if !self.logging_out.load(Ordering::SeqCst) {
            self.close(close);
        }
    }

    /// Its own `logout` begins.
    pub(crate) fn begin_logout(&self) {
        self.logging_out.store(true, Ordering::SeqCst);
    }

    /// Its own `logout` failed; if the session has ended all the same, so does the connection.
    pub(crate) fn cancel_logout(&self) {
        self.logging_out.store(false, Ordering::SeqCst);
        if self.session_ended.load(Ordering::SeqCst) {
            self.close(Close::SESSION_ENDED);
        }
    }

    /// No more commands are to be read.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.wakeup.wake();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// The server says goodbye: its client is to come back after so long.
    pub(crate) fn say_goodbye(&self, reconnect_after_ms: u64) {
        self.goodbye.store(reconnect_after_ms, Ordering::SeqCst);
        self.wakeup.wake();
    }

    /// When its client is to come back, if the server says goodbye.
    pub(crate) fn goodbye(&self) -> Option<u64> {
        let after = self.goodbye.load(Ordering::SeqCst);
        (after != NO_GOODBYE).then_some(after)
    }

    /// Breaks it off: it takes nothing.
    pub(crate) fn abort(&self) {
        self.egress().abort();
        self.wakeup.wake();
    }

    /// Its task has ended: whoever still holds it may let go.
    pub(crate) fn mark_ended(&self) {
        self.task_ended.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task_ended.load(Ordering::SeqCst)
    }

    /// Closes it: what waits goes out first.
    pub(crate) fn close(&self, close: Close) {
        let follow_up = self.egress().close(close);
        self.apply(follow_up);
    }

    /// Puts a frame in from the connection's own task, which flushes at the end of its turn.
    pub(crate) fn enqueue(&self, frame: Frame, class: FrameClass) {
        let follow_up = self.egress().push(frame, class, Instant::now());
        self.apply(follow_up);
    }

    /// Writes what the kernel takes; the rest is left to the connection's task, which may also have
    /// seen what has just been written and wait for less.
    pub(crate) fn flush(&self) {
        let mut egress = self.egress();
        egress.flush(&self.stream);
        let wakes = egress.take_drain_awaited() || egress.is_blocked() || egress.is_broken();
        drop(egress);
        if wakes {
            self.wakeup.wake();
        }
    }

    /// Writes what the kernel takes; false when that was not all.
    pub(crate) fn write_out(&self) -> bool {
        let mut egress = self.egress();
        egress.flush(&self.stream);
        !egress.is_blocked() && !egress.is_broken()
    }

    /// The queue, locked: never held over an await.
    pub(crate) fn egress(&self) -> MutexGuard<'_, Egress> {
        self.egress
            .lock()
            .expect("nothing panics under the queue's lock")
    }

    fn apply(&self, follow_up: FollowUp) -> bool {
        if follow_up == FollowUp::WakeTask {
            self.wakeup.wake();
        }
        follow_up == FollowUp::Flush
    }
}

#[cfg(test)]
mod tests {
    use super::{Conn, Frame, FrameClass, Instant};
    use crate::Limits;
    use crate::connection::pair;
    use futures_util::FutureExt as _;
    use sessions::api::ConnectionId;
    use std::future::poll_fn;

    fn is_woken(conn: &Conn) -> bool {
        poll_fn(|cx| conn.wakeup.poll_woken(cx))
            .now_or_never()
            .is_some()
    }

    fn push(conn: &Conn) {
        let frame = Frame::text(&[&[b'x'; 100]]);
        assert!(conn.push(frame, FrameClass::Push, Instant::now()));
    }

    #[tokio::test]
    async fn who_found_too_much_is_woken_when_it_is_written() {
        let (stream, _client) = pair().await;
        let conn = Conn::new(ConnectionId(1), stream, &Limits::default());
        push(&conn);
        assert!(
            !conn.egress().is_within(10),
            "it looks between push and flush"
        );
        assert!(!is_woken(&conn));
        conn.flush();
        assert!(conn.egress().is_within(10));
        assert!(is_woken(&conn), "or it would wait for its timer");
        push(&conn);
        conn.flush();
        assert!(!is_woken(&conn), "who waits for nothing sleeps on");
    }
}
