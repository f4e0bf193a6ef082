//! What waits for one socket: whole frames, shared with whoever else gets them, and a bound.
//!
//! When it is full, or its oldest frame too old, the client is too slow: what waits is dropped and
//! the socket closed 4008. Long before that, what is soft is not taken any more.

use super::frame::{Close, Frame};
use super::stream::Stream;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// How much a frame matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The answer to a command: its own bound is the number of unanswered commands.
    Reply,
    /// Must arrive, or the socket closes.
    Push,
    /// Typing, presence, heads: may be left out when the client is behind.
    Soft,
}

/// Small frames are copied together into one write of at most this size.
const SCRATCH: usize = 16 << 10;

thread_local! {
    static SCRATCHPAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

pub(crate) struct Egress {
    queue: VecDeque<(Frame, Instant)>,
    /// Bytes in the queue, the written part of the first frame included.
    bytes: usize,
    /// Bytes of the first frame that the kernel already has.
    written: usize,
    bytes_max: usize,
    age_max: Duration,
    /// Someone has taken it on to flush.
    dirty: bool,
    /// The kernel took no more; the connection's task waits for it.
    blocked: bool,
    /// The close frame is in the queue: nothing may follow it.
    closing: Option<Close>,
    /// The peer has gone.
    broken: bool,
}

/// What is left to do for whoever put a frame in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Flush, now or at the end of the turn.
    Flush,
    /// Wake the connection's task: it has to close.
    Wake,
    /// Nothing.
    Nothing,
}

impl Egress {
    pub(crate) fn new(bytes_max: usize, age_max: Duration) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            written: 0,
            bytes_max,
            age_max,
            dirty: false,
            blocked: false,
            closing: None,
            broken: false,
        }
    }

    pub(crate) fn push(&mut self, frame: Frame, class: Class) -> Then {
        if self.closing.is_some() || self.broken {
            return Then::Nothing;
        }
        if class == Class::Soft && self.bytes > self.bytes_max / 4 {
            return Then::Nothing;
        }
        if self.is_full(class) || self.is_too_old() {
            return self.close(Close::SLOW);
        }
        self.put(frame);
        if self.blocked || std::mem::replace(&mut self.dirty, true) {
            return Then::Nothing;
        }
        Then::Flush
    }

    /// Puts the close frame in; nothing follows it. A slow client's queue is not worth waiting for.
    pub(crate) fn close(&mut self, close: Close) -> Then {
        if self.closing.is_some() || self.broken {
            return Then::Nothing;
        }
        if close == Close::SLOW {
            self.drop_unbegun();
        }
        self.closing = Some(close);
        self.put(Frame::close(close));
        Then::Wake
    }

    /// Hands the kernel what it takes.
    pub(crate) fn flush(&mut self, stream: &Stream) {
        self.dirty = false;
        if self.broken {
            return;
        }
        self.blocked = false;
        let written = SCRATCHPAD.with_borrow_mut(|scratch| self.write(stream, scratch));
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.blocked = true,
            Err(_) => self.broken = true,
        }
    }

    /// Nothing more is written.
    pub(crate) fn cut(&mut self) {
        self.broken = true;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes - self.written
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Nothing is left to write, or nobody to write to.
    pub(crate) fn is_finished(&self) -> bool {
        self.queue.is_empty() || self.broken
    }

    pub(crate) fn closing(&self) -> Option<Close> {
        self.closing
    }

    /// When what waits will be too old.
    pub(crate) fn expires(&self) -> Option<Instant> {
        self.queue.front().map(|(_, since)| *since + self.age_max)
    }

    fn is_full(&self, class: Class) -> bool {
        let max = match class {
            // Replies are bounded by the commands that were let in; a page may exceed what is left.
            Class::Reply => self.bytes_max.saturating_mul(4),
            Class::Push | Class::Soft => self.bytes_max,
        };
        self.bytes() >= max
    }

    fn is_too_old(&self) -> bool {
        self.expires().is_some_and(|at| at <= Instant::now())
    }

    fn put(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.queue.push_back((frame, Instant::now()));
    }

    /// All frames but one that the kernel already has a part of.
    fn drop_unbegun(&mut self) {
        let begun = usize::from(self.written > 0);
        self.queue.truncate(begun);
        self.bytes = self.queue.iter().map(|(frame, _)| frame.len()).sum();
    }

    fn write(&mut self, stream: &Stream, scratch: &mut Vec<u8>) -> io::Result<()> {
        while let Some((first, _)) = self.queue.front() {
            let first = &first.bytes()[self.written..];
            let taken = if self.queue.len() == 1 || first.len() >= SCRATCH {
                stream.try_write(first)?
            } else {
                self.gather(scratch);
                stream.try_write(scratch)?
            };
            if taken == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.advance(taken);
        }
        // A burst's buffer is not kept for an idle connection.
        if self.queue.capacity() > 64 {
            self.queue = VecDeque::new();
        }
        Ok(())
    }

    fn gather(&self, scratch: &mut Vec<u8>) {
        scratch.clear();
        let mut skip = self.written;
        for (frame, _) in &self.queue {
            let bytes = &frame.bytes()[skip..];
            let room = SCRATCH - scratch.len();
            scratch.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if bytes.len() >= room {
                break;
            }
            skip = 0;
        }
    }

    fn advance(&mut self, taken: usize) {
        self.written += taken;
        while let Some((first, _)) = self.queue.front() {
            if self.written < first.len() {
                return;
            }
            self.written -= first.len();
            self.bytes -= first.len();
            self.queue.pop_front();
        }
    }
}
