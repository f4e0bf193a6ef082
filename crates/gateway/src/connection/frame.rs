//! An outgoing WebSocket frame, encoded once and shared by all its receivers.

use super::close::Close;
use bytes::Bytes;
use serde::Serialize;

/// The bytes of one whole outgoing frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame(Bytes);

const FINAL_TEXT: u8 = 0x81;
const FINAL_BINARY: u8 = 0x82;
const FINAL_CLOSE: u8 = 0x88;
const FINAL_PING: u8 = 0x89;
/// Initial capacity, bytes: most frames fit and need not grow while they are written.
const CAPACITY: usize = 512;
/// Length of the longest header of an unmasked frame, bytes.
const HEADER: usize = 10;

impl Frame {
    /// Encodes this value as JSON in a text frame.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(CAPACITY);
        bytes.resize(HEADER, 0);
        serde_json::to_writer(&mut bytes, value).expect("our own shapes are JSON");
        Self::with_header(bytes, FINAL_TEXT)
    }

    /// Joins these pieces in a text frame.
    pub(crate) fn text(pieces: &[&[u8]]) -> Self {
        let length = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let mut bytes = Vec::with_capacity(HEADER + length);
        bytes.resize(HEADER, 0);
        for piece in pieces {
            bytes.extend_from_slice(piece);
        }
        Self::with_header(bytes, FINAL_TEXT)
    }

    /// Returns a binary frame.
    pub(crate) fn binary(payload: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(payload);
        Self::with_header(bytes, FINAL_BINARY)
    }

    /// Returns a control Ping.
    pub(crate) const fn ping() -> Self {
        Self(Bytes::from_static(&[FINAL_PING, 0]))
    }

    /// Returns a close frame.
    pub(crate) fn close(close: Close) -> Self {
        let reason = close.reason.as_bytes();
        let length = u8::try_from(2 + reason.len()).expect("our reasons are short");
        let mut bytes = vec![FINAL_CLOSE, length];
        bytes.extend_from_slice(&close.code.to_be_bytes());
        bytes.extend_from_slice(reason);
        Self(bytes.into())
    }

    /// Wraps a frame that tungstenite has already encoded.
    pub(crate) fn raw(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes the header into the space in front of the payload and cuts off the unused part.
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
