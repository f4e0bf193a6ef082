//! The stamp at the end of every message: publisher, count and time. Receivers find it from the end
//! of a frame, so that nothing needs to be parsed.

use std::time::Instant;

/// `~`, then in hexadecimal three digits for the publisher, eight for the count, twelve for the
/// time.
const LENGTH: usize = 24;

/// How far from the end of a frame a stamp may begin: servers add little after a body.
const REACH: usize = LENGTH + 100;

/// Microseconds since the generator began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The publisher's index in its room.
    pub(crate) publisher: u64,
    /// 1 for the first message of a publisher.
    pub(crate) count: u64,
    /// When the message was sent, in microseconds of [`Clock`].
    pub(crate) at: u64,
}

impl Stamp {
    /// Appends a body of `length` bytes that ends with this stamp.
    pub(crate) fn write_body(self, out: &mut Vec<u8>, length: usize) {
        const WORDS: &[u8] = b"the quick brown fox jumps over the lazy dog and ";
        let words = length.saturating_sub(LENGTH);
        out.extend(WORDS.iter().cycle().take(words));
        out.push(b'~');
        write_hex(out, self.publisher, 3);
        write_hex(out, self.count, 8);
        write_hex(out, self.at, 12);
    }

    /// Returns the last stamp in a frame.
    pub(crate) fn find(frame: &[u8]) -> Option<Self> {
        let from = frame.len().saturating_sub(REACH);
        let begin = from + frame[from..].iter().rposition(|byte| *byte == b'~')?;
        let digits = frame.get(begin + 1..begin + LENGTH)?;
        Some(Self {
            publisher: read_hex(&digits[..3]),
            count: read_hex(&digits[3..11]),
            at: read_hex(&digits[11..]),
        })
    }
}

fn write_hex(out: &mut Vec<u8>, value: u64, digits: u32) {
    for digit in (0..digits).rev() {
        out.push(
            b"0123456789abcdef"[usize::try_from(value >> (digit * 4) & 0xF).expect("a nibble")],
        );
    }
}

fn read_hex(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| {
        let nibble = (digit & 0xF) + if *digit > b'9' { 9 } else { 0 };
        value << 4 | u64::from(nibble)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_behind_its_body() {
        let stamp = Stamp {
            publisher: 0x2a,
            count: 77_123,
            at: 123_456_789_012,
        };
        let mut frame = b"{\"body\":\"".to_vec();
        stamp.write_body(&mut frame, 120);
        assert_eq!(frame.len(), 9 + 120);
        frame.extend(b"\",\"mentions\":[]}}");
        assert_eq!(Stamp::find(&frame), Some(stamp));
        assert_eq!(Stamp::find(b"{\"kind\":\"joined\"}"), None);
    }
}
