//! The bounded queue of outgoing frames of one socket.
//!
//! When the queue is full, or its oldest frame too old, the client is too slow: the queue is dropped
//! and the socket closed with 4008. Best-effort frames are dropped from a quarter of that size on.

use super::close::Close;
use super::frame::Frame;
use super::transport::Transport;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// What happens to a frame when the client is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameClass {
    /// The reply to a command. Bounded by the number of unanswered commands.
    Reply,
    /// Must arrive; the socket closes otherwise.
    Push,
    /// Typing, presence, heads: left out when the client is behind.
    BestEffort,
}

/// Small frames are joined into one write of at most this size, bytes.
const SCRATCH: usize = 16 << 10;

/// The capacity that a queue allocates for its first frame. An idle queue keeps it: to free and
/// allocate it each time would cost more than the rest of a delivery.
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
    /// Bytes in the queue, including the written part of the first frame.
    bytes: usize,
    /// Bytes of the first frame that are already written.
    written: usize,
    bytes_max: usize,
    age_max: Duration,
    /// A caller of `push` has promised to flush.
    dirty: bool,
    /// The kernel's buffer is full; the connection's task waits until it is writable.
    blocked: bool,
    /// Set once the close frame is queued: nothing may follow it.
    closing: Option<Close>,
    /// The peer is gone; nothing is written any more.
    broken: bool,
    /// The connection's task waits for the queue to drain.
    drain_awaited: bool,
}

/// What the caller has to do after it queued a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Flush, now or at the end of the turn.
    Flush,
    /// Wake the connection's task, which has to close.
    WakeTask,
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

    /// Queues a frame if there is room. `now` may be the start of the turn: to read the clock for each
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

    /// Queues the close frame; nothing follows it. Drops the queue of a slow client.
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

    /// Writes what the kernel accepts.
    pub(crate) fn flush(&mut self, stream: &Transport) {
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

    /// Stops all writing.
    pub(crate) fn abort(&mut self) {
        self.broken = true;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes - self.written
    }

    /// Returns whether at most this many bytes wait. After `false` the next flush wakes the connection's
    /// task ([`Egress::take_drain_awaited`]).
    pub(crate) fn is_within(&mut self, bytes: usize) -> bool {
        let within = self.bytes() <= bytes;
        self.drain_awaited |= !within;
        within
    }

    /// Returns whether [`Egress::is_within`] has returned `false` since the last call.
    pub(crate) fn take_drain_awaited(&mut self) -> bool {
        std::mem::take(&mut self.drain_awaited)
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Returns whether nothing is left to write, or the peer is gone.
    pub(crate) fn is_finished(&self) -> bool {
        self.queue.is_empty() || self.broken
    }

    pub(crate) fn closing(&self) -> Option<Close> {
        self.closing
    }

    /// Returns when the oldest frame will be too old.
    pub(crate) fn expires(&self) -> Option<Instant> {
        self.queue.front().map(|(_, since)| *since + self.age_max)
    }

    fn is_full(&self, class: FrameClass) -> bool {
        let max = match class {
            // Replies are bounded by the number of commands; a page may exceed the space that is left.
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

    /// Drops all frames except a partly written one.
    fn drop_unsent(&mut self) {
        let begun = usize::from(self.written > 0);
        self.queue.truncate(begun);
        self.bytes = self.queue.iter().map(|(frame, _)| frame.len()).sum();
    }

    fn write(&mut self, stream: &Transport, scratch: &mut Vec<u8>) -> io::Result<()> {
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
        // An idle connection does not keep the buffer of a burst.
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
    use crate::connection::{Close, Frame, Transport, pair};
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
    fn block(egress: &mut Egress, stream: &Transport) {
        while !egress.is_blocked() {
            push(egress, frame(2000), FrameClass::Reply);
            egress.flush(stream);
        }
    }

    #[tokio::test]
    async fn queued_frames_are_sent_in_order_in_one_write() {
        let (stream, mut client) = pair().await;
        let stream = Transport::from(stream);
        let mut egress = egress();
        assert_eq!(
            push(&mut egress, Frame::text(&[b"one"]), FrameClass::Push),
            FollowUp::Flush
        );
        let again = push(&mut egress, Frame::text(&[b"two"]), FrameClass::Push);
        assert_eq!(again, FollowUp::Nothing, "the first caller flushes");
        egress.flush(&stream);
        assert!(egress.is_finished());
        let mut read = [0; 10];
        client.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"\x81\x03one\x81\x03two");
    }

    #[tokio::test]
    async fn every_byte_arrives_once_however_the_kernel_takes_them() {
        let (stream, mut client) = pair().await;
        let stream = Transport::from(stream);
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
    fn best_effort_frames_are_dropped_from_a_quarter_on() {
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
        let stream = Transport::from(stream);
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
    fn a_reply_is_queued_where_a_push_would_be_too_much() {
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
