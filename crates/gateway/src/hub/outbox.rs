//! The flusher: frames go into queues as they come, and each touched socket is written to once at
//! the end of the turn.

use crate::socket::{Class, Conn, Frame};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Outbox {
    dirty: Vec<Arc<Conn>>,
}

impl Outbox {
    pub(super) fn send(&mut self, conn: &Arc<Conn>, frame: Frame, class: Class) {
        if conn.push(frame, class) {
            self.dirty.push(Arc::clone(conn));
        }
    }

    pub(super) fn flush(&mut self) {
        for conn in self.dirty.drain(..) {
            conn.flush();
        }
    }
}
