//! Follows a client's frames by their headers: counts small fragments and times unfinished messages.
//!
//! Runs below tungstenite, which reports whole messages only.

use tokio::time::Instant;

/// Length of the longest header of a client's frame, bytes.
const HEADER_MAX: usize = 14;
/// A fragment with fewer payload bytes costs points. The number of larger ones is bounded by the size
/// of a message.
const SMALL: u64 = 256;

const CONTINUATION: u8 = 0;
const CLOSE: u8 = 8;

#[derive(Default)]
pub(crate) struct Scanner {
    /// The bytes of an incomplete header.
    partial: [u8; HEADER_MAX],
    partial_len: u8,
    /// Whether the current frame is a data frame, so that its payload counts for the message.
    is_data: bool,
    /// Whether the last fragment of the current message is still to come.
    is_fragmented: bool,
    /// Missing payload bytes of the current frame.
    left: u64,
    /// Received payload bytes of the unfinished message.
    received: u32,
    /// When the first byte of the unfinished message came.
    since: Option<Instant>,
    small_pieces: u32,
}

/// The header of a frame, without its mask.
struct Header {
    is_final: bool,
    opcode: u8,
    payload: u64,
}

impl Scanner {
    /// Processes the next received bytes.
    pub(crate) fn scan(&mut self, mut bytes: &[u8], now: Instant) {
        while !bytes.is_empty() {
            self.since.get_or_insert(now);
            if self.left == 0 {
                bytes = self.header(bytes);
            }
            bytes = self.payload(bytes);
            if self.is_finished() {
                self.since = None;
                self.received = 0;
            }
        }
    }

    /// Returns how many small fragments came since the last call.
    pub(crate) fn take_small_pieces(&mut self) -> u32 {
        std::mem::take(&mut self.small_pieces)
    }

    /// Returns when the unfinished message began, and its payload bytes so far.
    pub(crate) fn unfinished(&self) -> Option<(Instant, u32)> {
        self.since.map(|since| (since, self.received))
    }

    /// Restarts the time of an unfinished message, because nothing was read until now.
    pub(crate) fn restart(&mut self, now: Instant) {
        if self.since.is_some() {
            self.since = Some(now);
        }
    }

    fn is_finished(&self) -> bool {
        self.left == 0 && self.partial_len == 0 && !self.is_fragmented
    }

    /// Reads a header as far as it has come; returns the bytes after it.
    fn header<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.partial_len == 0
            && let Some((header, length)) = Header::read(bytes)
        {
            self.begin(&header);
            return &bytes[length..];
        }
        for (position, byte) in bytes.iter().enumerate() {
            self.partial[usize::from(self.partial_len)] = *byte;
            self.partial_len += 1;
            let so_far = &self.partial[..usize::from(self.partial_len)];
            if let Some((header, _)) = Header::read(so_far) {
                self.partial_len = 0;
                self.begin(&header);
                return &bytes[position + 1..];
            }
        }
        &[]
    }

    fn begin(&mut self, header: &Header) {
        self.left = header.payload;
        self.is_data = header.opcode < CLOSE;
        if !self.is_data {
            return;
        }
        let is_piece = header.opcode == CONTINUATION || !header.is_final;
        self.is_fragmented = !header.is_final;
        self.small_pieces += u32::from(is_piece && header.payload < SMALL);
    }

    /// Skips payload; returns the bytes after it.
    fn payload<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let here = usize::try_from(self.left).unwrap_or(usize::MAX);
        let here = here.min(bytes.len());
        self.left -= here as u64;
        if self.is_data {
            let here = u32::try_from(here).unwrap_or(u32::MAX);
            self.received = self.received.saturating_add(here);
        }
        &bytes[here..]
    }
}

impl Header {
    /// Parses the header at the beginning of these bytes, if it is complete, and returns its length.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (payload, before_mask) = match second & 0x7f {
            126 => {
                let length = bytes.get(2..4)?.try_into().expect("two bytes");
                (u64::from(u16::from_be_bytes(length)), 4)
            }
            127 => {
                let length = bytes.get(2..10)?.try_into().expect("eight bytes");
                (u64::from_be_bytes(length), 10)
            }
            short => (u64::from(short), 2),
        };
        let length = before_mask + if second & 0x80 == 0 { 0 } else { 4 };
        let header = Self {
            is_final: first & 0x80 != 0,
            opcode: first & 0x0f,
            payload,
        };
        (bytes.len() >= length).then_some((header, length))
    }
}

#[cfg(test)]
mod tests {
    use super::Scanner;
    use std::time::Duration;
    use tokio::time::Instant;

    const S: Duration = Duration::from_secs(1);
    const FINAL_TEXT: u8 = 0x81;
    const TEXT: u8 = 0x01;
    const MORE: u8 = 0x00;
    const LAST: u8 = 0x80;
    const PING: u8 = 0x89;

    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            126..0x1_0000 => {
                frame.push(0xfe);
                frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0xff);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[1, 2, 3, 4]);
        frame.resize(frame.len() + length, b'x');
        frame
    }

    fn frames(list: &[(u8, usize)]) -> Vec<u8> {
        list.iter()
            .flat_map(|(first, length)| frame(*first, *length))
            .collect()
    }

    #[test]
    fn whole_messages_cost_nothing_however_their_bytes_are_split() {
        let all = frames(&[
            (FINAL_TEXT, 0),
            (FINAL_TEXT, 125),
            (PING, 3),
            (FINAL_TEXT, 126),
            (FINAL_TEXT, 70_000),
        ]);
        let now = Instant::now();
        for size in [1, 2, 3, 7, 128, all.len()] {
            let mut scanner = Scanner::default();
            for part in all.chunks(size) {
                scanner.scan(part, now);
            }
            assert_eq!(scanner.take_small_pieces(), 0, "in parts of {size}");
            assert_eq!(scanner.unfinished(), None, "in parts of {size}");
        }
    }

    #[test]
    fn small_fragments_are_counted_and_large_ones_are_not() {
        let all = frames(&[(TEXT, 1), (MORE, 0), (MORE, 255), (MORE, 256), (LAST, 0)]);
        for size in [1, 5, all.len()] {
            let mut scanner = Scanner::default();
            for part in all.chunks(size) {
                scanner.scan(part, Instant::now());
            }
            assert_eq!(scanner.take_small_pieces(), 4, "in parts of {size}");
            assert_eq!(scanner.take_small_pieces(), 0);
        }
    }

    #[test]
    fn the_time_of_a_message_counts_from_its_first_byte() {
        let (mut scanner, start) = (Scanner::default(), Instant::now());
        scanner.scan(&[FINAL_TEXT], start);
        assert_eq!(scanner.unfinished(), Some((start, 0)));
        scanner.scan(&frame(FINAL_TEXT, 10)[1..9], start + S);
        assert_eq!(scanner.unfinished(), Some((start, 3)));
        scanner.scan(b"xxxxxxx", start + 2 * S);
        assert_eq!(scanner.unfinished(), None);
        let mut next = frame(FINAL_TEXT, 1);
        next.push(FINAL_TEXT);
        scanner.scan(&next, start + 3 * S);
        assert_eq!(scanner.unfinished(), Some((start + 3 * S, 0)));
    }

    #[test]
    fn pings_between_fragments_neither_end_a_message_nor_count_for_it() {
        let (mut scanner, start) = (Scanner::default(), Instant::now());
        scanner.scan(&frame(TEXT, 300), start);
        scanner.scan(&frames(&[(PING, 100), (MORE, 300)]), start + S);
        assert_eq!(scanner.unfinished(), Some((start, 600)));
        scanner.scan(&frame(LAST, 0), start + 2 * S);
        assert_eq!(scanner.unfinished(), None);
    }

    #[test]
    fn time_without_reading_does_not_count() {
        let (mut scanner, start) = (Scanner::default(), Instant::now());
        scanner.restart(start);
        assert_eq!(scanner.unfinished(), None);
        scanner.scan(&[FINAL_TEXT], start);
        scanner.restart(start + S);
        assert_eq!(scanner.unfinished(), Some((start + S, 0)));
    }
}
