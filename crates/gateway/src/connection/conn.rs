//! One connection as the rest of the gateway holds it: its stream, its queue and its wake-up.

use super::close::Close;
use super::egress::{Egress, FollowUp, FrameClass};
use super::frame::Frame;
use super::peer::Peer;
use super::transport::Transport;
use super::wakeup::Wakeup;
use crate::Limits;
use parking_lot::{Mutex, MutexGuard};
use sessions::api::ConnectionId;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::time::Instant;

const NO_GOODBYE: u64 = u64::MAX;

/// One client connection, shared by its own task, which reads and closes it, and the hub, which
/// only queues frames and flushes.
pub(crate) struct Conn {
    pub(crate) id: ConnectionId,
    pub(crate) stream: Transport,
    /// The network that its limits count for.
    peer: Option<Peer>,
    egress: Mutex<Egress>,
    /// Wakes the connection's task when the queue is blocked, broken or closing, or the server stops.
    pub(crate) wakeup: Wakeup,
    /// A `logout` of this connection is under way: its reply precedes the close frame.
    logging_out: AtomicBool,
    /// The session ended during that `logout`.
    session_ended: AtomicBool,
    /// The server is stopping: the task reads no more commands.
    draining: AtomicBool,
    /// Delay that the client waits before it reconnects, ms; [`NO_GOODBYE`] until the server says
    /// goodbye.
    goodbye: AtomicU64,
    /// The connection's task has ended.
    task_ended: AtomicBool,
}

impl Conn {
    pub(crate) fn new(id: ConnectionId, stream: impl Into<Transport>, limits: &Limits) -> Self {
        Self {
            id,
            stream: stream.into(),
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

    /// Counts the connection for this network.
    pub(crate) fn with_peer(mut self, peer: Peer) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Returns the network that is charged for this connection; empty if unknown.
    pub(crate) fn network(&self) -> String {
        self.peer.map(|peer| peer.to_string()).unwrap_or_default()
    }

    /// Queues a frame; returns `true` if the caller has to flush at the end of its turn.
    #[must_use]
    pub(crate) fn push(&self, frame: Frame, class: FrameClass, now: Instant) -> bool {
        let follow_up = self.egress().push(frame, class, now);
        self.apply(follow_up)
    }

    /// Queues a reply and flushes at once.
    pub(crate) fn send_now(&self, frame: Frame) {
        if self.push(frame, FrameClass::Reply, Instant::now()) {
            self.flush();
        }
    }

    /// Closes the connection because its session has ended, unless its own `logout` is under way: then
    /// the reply comes first.
    pub(crate) fn end_session(&self, close: Close) {
        self.session_ended.store(true, Ordering::SeqCst);
        if !self.logging_out.load(Ordering::SeqCst) {
            self.close(close);
        }
    }

    /// Marks the beginning of this connection's own `logout`.
    pub(crate) fn begin_logout(&self) {
        self.logging_out.store(true, Ordering::SeqCst);
    }

    /// Takes the mark of a failed `logout` back, and closes the connection if the session has ended
    /// nevertheless.
    pub(crate) fn cancel_logout(&self) {
        self.logging_out.store(false, Ordering::SeqCst);
        if self.session_ended.load(Ordering::SeqCst) {
            self.close(Close::SESSION_ENDED);
        }
    }

    /// Stops the reading of commands.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.wakeup.wake();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Asks the connection's task to say `bye` and close; the client reconnects after this delay.
    pub(crate) fn say_goodbye(&self, reconnect_after_ms: u64) {
        self.goodbye.store(reconnect_after_ms, Ordering::SeqCst);
        self.wakeup.wake();
    }

    /// Returns the reconnect delay in ms once [`Conn::say_goodbye`] was called.
    pub(crate) fn goodbye(&self) -> Option<u64> {
        let after = self.goodbye.load(Ordering::SeqCst);
        (after != NO_GOODBYE).then_some(after)
    }

    /// Aborts a connection whose client reads nothing.
    pub(crate) fn abort(&self) {
        self.egress().abort();
        self.wakeup.wake();
    }

    /// Records that the connection's task has ended, so that other holders can drop it.
    pub(crate) fn mark_ended(&self) {
        self.task_ended.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task_ended.load(Ordering::SeqCst)
    }

    /// Closes the connection after what is queued.
    pub(crate) fn close(&self, close: Close) {
        let follow_up = self.egress().close(close);
        self.apply(follow_up);
    }

    /// Queues a frame from the connection's own task, which flushes at the end of its turn.
    pub(crate) fn enqueue(&self, frame: Frame, class: FrameClass) {
        let follow_up = self.egress().push(frame, class, Instant::now());
        self.apply(follow_up);
    }

    /// Writes what the kernel accepts and leaves the rest to the connection's task. Wakes that task too
    /// if it waits for the queue to drain.
    pub(crate) fn flush(&self) {
        let mut egress = self.egress();
        egress.flush(&self.stream);
        let wakes = egress.take_drain_awaited() || egress.is_blocked() || egress.is_broken();
        drop(egress);
        if wakes {
            self.wakeup.wake();
        }
    }

    /// Writes what the kernel accepts; returns `false` if something is left.
    pub(crate) fn write_out(&self) -> bool {
        let mut egress = self.egress();
        egress.flush(&self.stream);
        !egress.is_blocked() && !egress.is_broken()
    }

    /// Locks the queue; never hold the guard across an await.
    pub(crate) fn egress(&self) -> MutexGuard<'_, Egress> {
        self.egress.lock()
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
    async fn a_task_that_waits_for_the_queue_is_woken_by_a_flush() {
        let (stream, _client) = pair().await;
        let conn = Conn::new(ConnectionId(1), stream, &Limits::default());
        push(&conn);
        assert!(
            !conn.egress().is_within(10),
            "checked between push and flush"
        );
        assert!(!is_woken(&conn));
        conn.flush();
        assert!(conn.egress().is_within(10));
        assert!(is_woken(&conn), "otherwise it would sleep until its timer");
        push(&conn);
        conn.flush();
        assert!(!is_woken(&conn), "a task that waits for nothing sleeps on");
    }
}
