//! A WebSocket frame of ours, encoded once and shared by all who get it.

use bytes::Bytes;
use serde::Serialize;
use std::time::Duration;

/// Bytes ready for a socket: a whole frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame(Bytes);

const FINAL_TEXT: u8 = 0x81;
const FINAL_CLOSE: u8 = 0x88;
const FINAL_PING: u8 = 0x89;
/// Most frames are not longer and need not grow while they are written.
const MOST: usize = 512;
/// Room for the longest header of an unmasked frame.
const HEADER: usize = 10;

impl Frame {
    /// A text frame of this value's JSON.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(MOST);
        bytes.resize(HEADER, 0);
        serde_json::to_writer(&mut bytes, value).expect("our own shapes are JSON");
        Self::with_header(bytes, FINAL_TEXT)
    }

    /// A text frame of these pieces.
    pub(crate) fn text(pieces: &[&[u8]]) -> Self {
        let length = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let mut bytes = Vec::with_capacity(HEADER + length);
        bytes.resize(HEADER, 0);
        for piece in pieces {
            bytes.extend_from_slice(piece);
        }
        Self::with_header(bytes, FINAL_TEXT)
    }

    /// A control Ping.
    pub(crate) const fn ping() -> Self {
        Self(Bytes::from_static(&[FINAL_PING, 0]))
    }

    /// A close frame.
    pub(crate) fn close(close: Close) -> Self {
        let reason = close.reason.as_bytes();
        let length = u8::try_from(2 + reason.len()).expect("our reasons are short");
        let mut bytes = vec![FINAL_CLOSE, length];
        bytes.extend_from_slice(&close.code.to_be_bytes());
        bytes.extend_from_slice(reason);
        Self(bytes.into())
    }

    /// What tungstenite has already made a frame of.
    pub(crate) fn raw(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes the header into the space left for it and cuts off what it did not need.
    fn with_header(mut bytes: Vec<u8>, first: u8) -> Self {
        let length = bytes.len() - HEADER;
        let start = match length {
            0..=125 => {
                bytes[HEADER - 1] = u8::try_from(length).expect("at most 125");
                HEADER - 2
            }
            126..=0xffff => {
                let length = u16::try_from(length).expect("at most 65,535");
                bytes[HEADER - 3] = 126;
                bytes[HEADER - 2..HEADER].copy_from_slice(&length.to_be_bytes());
                HEADER - 4
            }
            _ => {
                bytes[1] = 127;
                bytes[2..HEADER].copy_from_slice(&(length as u64).to_be_bytes());
                0
            }
        };
        bytes[start] = first;
        Self(Bytes::from(bytes).slice(start..))
    }
}

/// Why a socket is closed by us, as the protocol numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

impl Close {
    const fn of(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }

    pub(crate) const LOGOUT: Self = Self::of(1000, "logged out");
    pub(crate) const PROTOCOL: Self = Self::of(1002, "protocol error");
    pub(crate) const BINARY: Self = Self::of(1003, "binary frames are not understood");
    pub(crate) const NOT_UTF8: Self = Self::of(1007, "not UTF-8");
    pub(crate) const TOO_BIG: Self = Self::of(1009, "frame too big");
    pub(crate) const INTERNAL: Self = Self::of(1011, "something went wrong here");
    pub(crate) const RESTART: Self = Self::of(1012, "restart");
    pub(crate) const NO_PONG: Self = Self::of(4002, "no pong");
    pub(crate) const UNFINISHED: Self = Self::of(4003, "message not finished in time");
    pub(crate) const SLOW: Self = Self::of(4008, "slow consumer");
    pub(crate) const ORDER_LOST: Self = Self::of(4009, "order lost");
    pub(crate) const EXPIRED: Self = Self::of(4011, "token expired");
    pub(crate) const NO_HELLO: Self = Self::of(4501, "no hello in time");
    pub(crate) const SESSION_ENDED: Self = Self::of(4502, "token invalid or session ended");
    pub(crate) const TAKEN_OVER: Self = Self::of(4503, "taken over");
    pub(crate) const CONNECTIONS: Self = Self::of(4505, "connection limit");
    pub(crate) const FLOOD: Self = Self::of(4508, "flood");
}

/// How long a socket that we have closed is read on, so that the code arrives.
pub(crate) const LINGER: Duration = Duration::from_secs(1);
/// How long a closed socket may take for what still waits in front of the close frame.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(2);
/// The same for a flooder, who is to be gone soon.
pub(crate) const FLOOD_LAST_WORDS: Duration = Duration::from_millis(500);
/// The same for a slow consumer, which has all of the kernel's buffer to read before it.
pub(crate) const SLOW_LAST_WORDS: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::{Close, Frame};

    fn text_of(length: usize) -> Frame {
        Frame::text(&[&vec![b'x'; length]])
    }

    #[test]
    fn the_header_grows_with_the_length() {
        assert_eq!(&text_of(125).bytes()[..2], [0x81, 125]);
        assert_eq!(&text_of(126).bytes()[..4], [0x81, 126, 0, 126]);
        assert_eq!(&text_of(65_535).bytes()[..4], [0x81, 126, 255, 255]);
        let long = text_of(65_536);
        assert_eq!(&long.bytes()[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(long.len(), 65_546);
    }

    #[test]
    fn a_close_frame_carries_code_and_reason() {
        let frame = Frame::close(Close::NO_PONG);
        assert_eq!(&frame.bytes()[..], b"\x88\x09\x0f\xa2no pong");
    }
}
