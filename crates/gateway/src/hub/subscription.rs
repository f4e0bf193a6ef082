//! One connection's subscription to one room.

use super::outbox::Outbox;
use crate::connection::{Conn, Frame, FrameClass};
use rooms::api::Seq;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::Instant;

pub(super) struct Subscription {
    pub(super) conn: Arc<Conn>,
    pub(super) phase: Phase,
}

pub(super) enum Phase {
    /// The connection's task replays the past; live entries are skipped.
    Replaying,
    /// Live entries are buffered until the past is sent.
    Buffering(Box<EntryBuffer>),
    /// Every entry above this one is delivered as it comes.
    Live(Seq),
}

/// What a buffering subscription waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BufferReason {
    /// The end of a replay.
    Replay,
    /// The reply to a `join`.
    Join,
    /// The reply to a `join` of a room that was live already.
    Rejoin,
}

/// Most entries buffered per subscription; beyond that the log is read again.
const BUFFERED_MAX: usize = 256;
/// Most bytes buffered per subscription.
const BUFFERED_BYTES_MAX: usize = 64 << 10;

pub(super) struct EntryBuffer {
    pub(super) why: BufferReason,
    pub(super) since: Instant,
    pub(super) entries: VecDeque<(Seq, Frame)>,
    bytes: usize,
    /// The limits were exceeded and the entries dropped.
    pub(super) overflowed: bool,
    /// Pushes that follow the reply and the entries: `room`, `gone`.
    pub(super) trailing: Vec<Frame>,
    /// The membership ended meanwhile.
    pub(super) membership_ended: bool,
}

impl EntryBuffer {
    pub(super) fn new(why: BufferReason) -> Self {
        Self {
            why,
            since: Instant::now(),
            entries: VecDeque::new(),
            bytes: 0,
            overflowed: false,
            trailing: Vec::new(),
            membership_ended: false,
        }
    }

    fn push(&mut self, seq: Seq, frame: &Frame) {
        if self.membership_ended || self.overflowed {
            return;
        }
        self.bytes += frame.len();
        if self.entries.len() == BUFFERED_MAX || self.bytes > BUFFERED_BYTES_MAX {
            self.overflowed = true;
            self.entries = VecDeque::new();
            return;
        }
        self.entries.push_back((seq, frame.clone()));
    }
}

impl Subscription {
    /// Delivers or buffers an entry, as the phase demands.
    pub(super) fn deliver(&mut self, seq: Seq, frame: &Frame, outbox: &mut Outbox) {
        match &mut self.phase {
            Phase::Live(after) if seq > *after => {
                outbox.send(&self.conn, frame.clone(), FrameClass::Push);
            }
            Phase::Buffering(buffer) => buffer.push(seq, frame),
            Phase::Live(_) | Phase::Replaying => {}
        }
    }

    /// Returns the buffer if the reply to a `join` is still to come.
    pub(super) fn pending_join(&mut self) -> Option<&mut EntryBuffer> {
        match &mut self.phase {
            Phase::Buffering(buffer) if buffer.why != BufferReason::Replay => Some(buffer),
            _ => None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live(_))
    }
}
