//! One connection's subscription to one room: what it is given, and when.

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
    /// The connection's task reads the past; nothing live is given yet.
    Replaying,
    /// It is about to be live: what comes is kept until the past is out.
    Buffering(Box<EntryBuffer>),
    /// Everything above this place is given as it comes.
    Live(Seq),
}

/// What a subscription is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BufferReason {
    /// The end of a replay.
    Replay,
    /// The reply to a `join`.
    Join,
    /// The reply to a `join` of what was live already.
    Rejoin,
}

/// Entries kept for one subscription; beyond this many the log is read again instead.
const BUFFERED_MAX: usize = 256;
/// The same in bytes.
const BUFFERED_BYTES_MAX: usize = 64 << 10;

pub(super) struct EntryBuffer {
    pub(super) why: BufferReason,
    pub(super) since: Instant,
    pub(super) entries: VecDeque<(Seq, Frame)>,
    bytes: usize,
    /// Something was not kept.
    pub(super) overflowed: bool,
    /// What has to come after the reply and the entries: `room`, `gone`.
    pub(super) trailing: Vec<Frame>,
    /// The membership has ended meanwhile.
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
    /// An entry has come.
    pub(super) fn deliver(&mut self, seq: Seq, frame: &Frame, outbox: &mut Outbox) {
        match &mut self.phase {
            Phase::Live(after) if seq > *after => {
                outbox.send(&self.conn, frame.clone(), FrameClass::Push);
            }
            Phase::Buffering(buffer) => buffer.push(seq, frame),
            Phase::Live(_) | Phase::Replaying => {}
        }
    }

    /// Where the reply to a `join` is still to come, this comes after it.
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
