//! What waits for one socket: whole frames, shared with whoever else gets them, and a bound.
//!
//! When it is full, or its oldest frame too old, the client is too slow: what waits is dropped and
//! the socket closed 4008. Long before that, what is soft is not taken any more.

use super::close::Close;
use super::frame::Frame;
use super::stream::Stream;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// How much a frame matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameClass {
    /// The answer to a command: its own bound is the number of unanswered commands.
    Reply,
    /// Must arrive, or the socket closes.
    Push,
    /// Typing, presence, heads: may be left out when the client is behind.
    BestEffort,
}

/// Small frames are copied together into one write of at most this size.
const SCRATCH: usize = 16 << 10;

/// As much as a queue's first frame makes it have: to give that back, too, and take it anew would cost
/// more than the rest of a delivery.
const CAPACITY_KEPT: usize = 4;

thread_local! {
    static SCRATCHPAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and several may hold at once"
)]
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
    /// The connection's task found too much here, and goes on once it is written.
    drain_awaited: bool,
}

/// What is left to do for whoever put a frame in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Flush, now or at the end of the turn.
    Flush,
    /// Wake the connection's task: it has to close.
    WakeTask,
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
            drain_awaited: false,
        }
    }

    /// Takes a frame in, if there is room. `now` may be that of the whole turn: a clock asked for each
    /// frame of a busy room would be a fortieth of all work.
    pub(crate) fn push(&mut self, frame: Frame, class: FrameClass, now: Instant) -> FollowUp {
        if self.closing.is_some() || self.broken {
            return FollowUp::Nothing;
        }
        if class == FrameClass::BestEffort && self.bytes > self.bytes_max / 4 {
            return FollowUp::Nothing;
        }
        if self.is_full(class) || self.is_too_old(now) {
            return self.close(Close::SLOW);
        }
        self.put(frame, now);
        if self.blocked || std::mem::replace(&mut self.dirty, true) {
            return FollowUp::Nothing;
        }
        FollowUp::Flush
    }

    /// Puts the close frame in; nothing follows it. A slow client's queue is not worth waiting for.
    pub(crate) fn close(&mut self, close: Close) -> FollowUp {
        if self.closing.is_some() || self.broken {
            return FollowUp::Nothing;
        }
        if close == Close::SLOW {
            self.drop_unsent();
        }
        self.closing = Some(close);
        self.put(Frame::close(close), Instant::now());
        FollowUp::WakeTask
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
    pub(crate) fn abort(&mut self) {
        self.broken = true;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes - self.written
    }

    /// Whether no more than this waits. Who is told no waits for [`Egress::take_drain_awaited`].
    pub(crate) fn is_within(&mut self, bytes: usize) -> bool {
        let within = self.bytes() <= bytes;
        self.drain_awaited |= !within;
        within
    }

    /// Someone was told once that too much waits: after the writing it is time to look again.
    pub(crate) fn take_drain_awaited(&mut self) -> bool {
        std::mem::take(&mut self.drain_awaited)
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

    fn is_full(&self, class: FrameClass) -> bool {
        let max = match class {
            // Replies are bounded by the commands that were let in; a page may exceed what is left.
            FrameClass::Reply => self.bytes_max.saturating_mul(4),
            FrameClass::Push | FrameClass::BestEffort => self.bytes_max,
        };
        self.bytes() >= max
    }

    fn is_too_old(&self, now: Instant) -> bool {
        self.expires().is_some_and(|at| at <= now)
    }

    fn put(&mut self, frame: Frame, now: Instant) {
        self.bytes += frame.len();
        self.queue.push_back((frame, now));
    }

    /// All frames but one that the kernel already has a part of.
    fn drop_unsent(&mut self) {
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
        if self.queue.capacity() > CAPACITY_KEPT {
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

#[cfg(test)]
mod tests {
    use super::{Egress, FollowUp, FrameClass};
    use crate::connection::{Close, Frame, Stream, pair};
    use std::io::Read as _;
    use std::time::Duration;
    use tokio::time::{Instant, advance};

    const MAX: usize = 4096;
    const AGE: Duration = Duration::from_secs(15);

    fn egress() -> Egress {
        Egress::new(MAX, AGE)
    }

    fn push(egress: &mut Egress, frame: Frame, class: FrameClass) -> FollowUp {
        egress.push(frame, class, Instant::now())
    }

    fn frame(length: usize) -> Frame {
        Frame::text(&[&vec![b'x'; length]])
    }

    /// Fills the kernel's buffers until it takes no more.
    fn block(egress: &mut Egress, stream: &Stream) {
        while !egress.is_blocked() {
            push(egress, frame(2000), FrameClass::Reply);
            egress.flush(stream);
        }
    }

    #[tokio::test]
    async fn what_waits_goes_out_in_order_in_one_write() {
        let (stream, mut client) = pair().await;
        let mut egress = egress();
        assert_eq!(
            push(&mut egress, Frame::text(&[b"one"]), FrameClass::Push),
            FollowUp::Flush
        );
        let again = push(&mut egress, Frame::text(&[b"two"]), FrameClass::Push);
        assert_eq!(again, FollowUp::Nothing, "whoever was first flushes");
        egress.flush(&stream);
        assert!(egress.is_finished());
        let mut read = [0; 10];
        client.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"\x81\x03one\x81\x03two");
    }

    #[tokio::test]
    async fn every_byte_arrives_once_however_the_kernel_takes_them() {
        let (stream, mut client) = pair().await;
        let mut egress = Egress::new(64 << 20, AGE);
        let mut expected = Vec::new();
        for length in (0..2000).map(|number| number * 37 % 20_011) {
            let frame = frame(length);
            expected.extend_from_slice(frame.bytes());
            push(&mut egress, frame, FrameClass::Push);
        }
        let total = expected.len();
        let reader = std::thread::spawn(move || {
            let mut read = vec![0; total];
            client.read_exact(&mut read).map(|()| read)
        });
        while !egress.is_finished() {
            egress.flush(&stream);
            stream.writable().await.unwrap();
        }
        assert!(reader.join().unwrap().unwrap() == expected, "byte for byte");
        assert_eq!(egress.bytes(), 0);
    }

    #[test]
    fn from_a_quarter_on_soft_frames_are_left_out() {
        let mut egress = egress();
        push(&mut egress, frame(MAX / 4 + 1), FrameClass::Push);
        let before = egress.bytes();
        assert_eq!(
            push(&mut egress, frame(10), FrameClass::BestEffort),
            FollowUp::Nothing
        );
        assert_eq!(egress.bytes(), before);
        assert_eq!(egress.closing(), None);
        push(&mut egress, frame(10), FrameClass::Push);
        assert!(egress.bytes() > before);
    }

    #[test]
    fn a_full_queue_is_closed_not_waited_for() {
        let mut egress = egress();
        push(&mut egress, frame(MAX), FrameClass::Push);
        assert_eq!(
            push(&mut egress, frame(10), FrameClass::Push),
            FollowUp::WakeTask
        );
        assert_eq!(egress.closing(), Some(Close::SLOW));
        assert!(egress.bytes() < 100, "only the close frame is left");
    }

    #[tokio::test]
    async fn a_frame_half_written_is_finished_before_the_close_frame() {
        let (stream, mut client) = pair().await;
        let mut egress = egress();
        block(&mut egress, &stream);
        while egress.closing().is_none() {
            push(&mut egress, frame(2000), FrameClass::Push);
        }
        let reader = std::thread::spawn(move || {
            let mut read = Vec::new();
            client.read_to_end(&mut read).map(|_| read)
        });
        while !egress.is_finished() {
            stream.writable().await.unwrap();
            egress.flush(&stream);
        }
        drop(stream);
        let read = reader.join().unwrap().unwrap();
        let mut frames = &read[..];
        while frames.starts_with(&[0x81, 126]) {
            frames = &frames[4 + 2000..];
        }
        assert_eq!(
            &frames[..4],
            [0x88, 15, 0x0f, 0xa8],
            "4008 after whole frames"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_whose_oldest_frame_is_too_old_is_closed() {
        let mut egress = egress();
        push(&mut egress, frame(10), FrameClass::Push);
        advance(AGE.saturating_sub(Duration::from_millis(1))).await;
        push(&mut egress, frame(10), FrameClass::Push);
        assert_eq!(egress.closing(), None);
        advance(Duration::from_millis(1)).await;
        assert_eq!(
            push(&mut egress, frame(10), FrameClass::Push),
            FollowUp::WakeTask
        );
        assert_eq!(egress.closing(), Some(Close::SLOW));
    }

    #[test]
    fn a_reply_is_taken_where_a_push_would_be_too_much() {
        let mut egress = egress();
        push(&mut egress, frame(MAX), FrameClass::Push);
        assert_eq!(
            push(&mut egress, frame(MAX), FrameClass::Reply),
            FollowUp::Nothing
        );
        assert_eq!(egress.closing(), None);
    }

    #[test]
    fn nothing_follows_a_close_frame() {
        let mut egress = egress();
        assert_eq!(egress.close(Close::RESTART), FollowUp::WakeTask);
        let before = egress.bytes();
        assert_eq!(
            push(&mut egress, frame(10), FrameClass::Reply),
            FollowUp::Nothing
        );
        assert_eq!(egress.close(Close::SLOW), FollowUp::Nothing);
        assert_eq!(egress.bytes(), before);
        assert_eq!(egress.closing(), Some(Close::RESTART));
    }
}
