//! The flusher: frames go into queues as they come, and each touched socket is written to once at
//! the end of the turn.

use crate::connection::{Conn, Frame, FrameClass};
use crate::metrics::FanoutMetrics;
use std::sync::Arc;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct Outbox {
    dirty: Vec<Arc<Conn>>,
    /// When this turn began to put frames into queues.
    began: Option<Instant>,
    /// Frames put into queues in this turn.
    frames: usize,
    /// When the facts were stated that have put any there.
    stated: Vec<Instant>,
}

impl Outbox {
    pub(super) fn send(&mut self, conn: &Arc<Conn>, frame: Frame, class: FrameClass) {
        self.frames += 1;
        let now = *self.began.get_or_insert_with(Instant::now);
        if conn.push(frame, class, now) {
            self.dirty.push(Arc::clone(conn));
        }
    }

    /// How many frames this turn has come to so far.
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// A fact stated then has put frames into queues.
    pub(super) fn caused_by(&mut self, stated: Instant) {
        self.stated.push(stated);
    }

    pub(super) fn flush(&mut self, fanout: &FanoutMetrics) {
        if self.frames == 0 {
            return;
        }
        self.began = None;
        fanout.record_batch(std::mem::take(&mut self.frames), self.dirty.len());
        for conn in self.dirty.drain(..) {
            conn.flush();
        }
        let now = Instant::now();
        for stated in self.stated.drain(..) {
            fanout.record_delivery(now.duration_since(stated));
        }
    }
}
