//! Collects a turn's frames: they go into the sockets' queues at once, and each touched socket is
//! written to once at the end of the turn.

use crate::connection::{Conn, FanoutWriters, Frame, FrameClass};
use crate::metrics::FanoutMetrics;
use std::sync::Arc;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct Outbox {
    dirty: Vec<Arc<Conn>>,
    /// When this turn queued its first frame.
    began: Option<Instant>,
    /// Frames queued in this turn.
    frames: usize,
    /// When the events that caused frames in this turn were published.
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

    /// Returns the number of frames queued in this turn.
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Notes that an event published then has caused frames, for the delivery metric.
    pub(super) fn caused_by(&mut self, stated: Instant) {
        self.stated.push(stated);
    }

    pub(super) fn flush(&mut self, fanout: &FanoutMetrics, writers: &FanoutWriters) {
        if self.frames == 0 {
            return;
        }
        self.began = None;
        fanout.record_batch(std::mem::take(&mut self.frames), self.dirty.len());
        if writers.flush(&mut self.dirty) {
            fanout.record_shared();
        }
        let now = Instant::now();
        for stated in self.stated.drain(..) {
            fanout.record_delivery(now.duration_since(stated));
        }
    }
}
