//! One connection's subscription to one room: what it is given, and when.

use super::outbox::Outbox;
use crate::connection::{Class, Conn, Frame};
use rooms::api::Seq;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::Instant;

pub(super) struct Sub {
    pub(super) conn: Arc<Conn>,
    pub(super) phase: Phase,
}

pub(super) enum Phase {
    /// The connection's task reads the past; nothing live is given yet.
    Replaying,
    /// It is about to be live: what comes is kept until the past is out.
    Held(Box<Held>),
    /// Everything above this place is given as it comes.
    Live(Seq),
}

/// What a subscription is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The end of a replay.
    Replay,
    /// The reply to a `join`.
    Join,
    /// The reply to a `join` of what was live already.
    JoinAgain,
}

/// Entries kept for one subscription; beyond this many the log is read again instead.
const HELD_MAX: usize = 256;
/// The same in bytes.
const HELD_BYTES: usize = 64 << 10;

pub(super) struct Held {
    pub(super) why: Why,
    pub(super) since: Instant,
    pub(super) entries: VecDeque<(Seq, Frame)>,
    bytes: usize,
    /// Something was not kept.
    pub(super) over: bool,
    /// What has to come after the reply and the entries: `room`, `gone`.
    pub(super) after: Vec<Frame>,
    /// The membership has ended meanwhile.
    pub(super) ended: bool,
}

impl Held {
    pub(super) fn new(why: Why) -> Self {
        Self {
            why,
            since: Instant::now(),
            entries: VecDeque::new(),
            bytes: 0,
            over: false,
            after: Vec::new(),
            ended: false,
        }
    }

    fn keep(&mut self, seq: Seq, frame: &Frame) {
        if self.ended || self.over {
            return;
        }
        self.bytes += frame.len();
        if self.entries.len() == HELD_MAX || self.bytes > HELD_BYTES {
            self.over = true;
            self.entries = VecDeque::new();
            return;
        }
        self.entries.push_back((seq, frame.clone()));
    }
}

impl Sub {
    /// An entry has come.
    pub(super) fn offer(&mut self, seq: Seq, frame: &Frame, outbox: &mut Outbox) {
        match &mut self.phase {
            Phase::Live(after) if seq > *after => {
                outbox.send(&self.conn, frame.clone(), Class::Push);
            }
            Phase::Held(held) => held.keep(seq, frame),
            Phase::Live(_) | Phase::Replaying => {}
        }
    }

    /// Where the reply to a `join` is still to come, this comes after it.
    pub(super) fn join_under_way(&mut self) -> Option<&mut Held> {
        match &mut self.phase {
            Phase::Held(held) if held.why != Why::Replay => Some(held),
            _ => None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live(_))
    }
}
