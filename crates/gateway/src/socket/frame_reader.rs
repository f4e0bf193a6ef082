//! Decodes a client's frames with tungstenite, over a shim that queues tungstenite's own writes (pongs,
//! the echo of a close frame) as whole frames.
//!
//! tungstenite reads until a message is complete, so the limit lies below it: a [`Source`] that gives
//! a limited number of bytes per turn, and then reports `WouldBlock`.

use super::source::Source;
use crate::Limits;
use crate::connection::{Close, Conn, Frame, FrameClass};
use bytes::Bytes;
use std::io::{self, Read, Write};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

/// tungstenite's read buffer, bytes. It is zeroed at every read and kept per connection, so it is
/// small; the surplus of a read waits in the [`Source`].
const READ_BUFFER: usize = 128;
/// tungstenite's write buffer, bytes; only pongs and close echoes pass through it.
const WRITE_BUFFER_MAX: usize = 1 << 10;

pub(super) struct FrameReader {
    ws: WebSocketContext,
    source: Source,
}

/// What the client has sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inbound {
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
    /// A control Ping; its Pong is queued.
    Ping,
    /// A control Pong.
    Pong,
    /// A close frame with its code; the echo is queued.
    Close(Option<u16>),
    /// The client has violated the WebSocket protocol; close with this.
    Violation(Close),
    /// The connection is lost.
    Lost,
    /// Nothing more to read now.
    Nothing,
}

impl FrameReader {
    pub(super) fn new(read_ahead: Bytes, limits: &Limits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_MAX)
            .max_message_size(Some(limits.frame_bytes))
            .max_frame_size(Some(limits.frame_bytes));
        Self {
            ws: WebSocketContext::new(Role::Server, Some(config)),
            source: Source::new(read_ahead),
        }
    }

    /// Begins a turn, which reads a limited number of bytes.
    pub(super) fn begin_turn(&mut self, now: Instant) {
        self.source.begin_turn(now);
    }

    /// Returns whether this turn has used up its budget, so that there may be more to read.
    pub(super) fn is_spent(&self) -> bool {
        self.source.is_spent()
    }

    /// Returns the bytes read in this turn.
    pub(super) fn bytes_read(&self) -> usize {
        self.source.bytes_read()
    }

    /// Returns how many small fragments came since the last call.
    pub(super) fn take_small_pieces(&mut self) -> u32 {
        self.source.scanner.take_small_pieces()
    }

    /// Returns when the unfinished message began, and its payload bytes so far.
    pub(super) fn unfinished(&self) -> Option<(Instant, u32)> {
        self.source.scanner.unfinished()
    }

    /// Returns the deadline of the unfinished message; every received byte extends it.
    pub(super) fn complete_by(&self, limits: &Limits) -> Option<Instant> {
        let (since, received) = self.unfinished()?;
        Some(since + limits.message_time(received))
    }

    /// Restarts the time of an unfinished message, because nothing was read until now.
    pub(super) fn restart(&mut self, now: Instant) {
        self.source.scanner.restart(now);
    }

    /// Decodes the next frame, without waiting and within this turn's budget.
    pub(super) fn next(&mut self, conn: &Conn) -> Inbound {
        let source = &mut self.source;
        match self.ws.read(&mut Shim { conn, source }) {
            Ok(Message::Text(text)) => Inbound::Text(text),
            Ok(Message::Binary(bytes)) => Inbound::Binary(bytes),
            Ok(Message::Frame(_)) => Inbound::Violation(Close::PROTOCOL),
            Ok(Message::Ping(_)) => Inbound::Ping,
            Ok(Message::Pong(_)) => Inbound::Pong,
            Ok(Message::Close(frame)) => {
                // Queues the echo. tungstenite reports the completed close handshake as an error.
                let source = &mut self.source;
                let _ = self.ws.flush(&mut Shim { conn, source });
                Inbound::Close(frame.map(|frame| frame.code.into()))
            }
            Err(error) => inbound_of(&error),
        }
    }
}

fn inbound_of(error: &Error) -> Inbound {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => Inbound::Nothing,
        Error::Capacity(_) => Inbound::Violation(Close::TOO_BIG),
        Error::Utf8(_) => Inbound::Violation(Close::NOT_UTF8),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Inbound::Lost,
        Error::Protocol(_) => Inbound::Violation(Close::PROTOCOL),
        _ => Inbound::Lost,
    }
}

/// The socket as tungstenite sees it.
struct Shim<'a> {
    conn: &'a Conn,
    source: &'a mut Source,
}

impl Read for Shim<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(&self.conn.stream, buffer)
    }
}

impl Write for Shim<'_> {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.conn.enqueue(Frame::raw(frame), FrameClass::Push);
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(any(test, feature = "fuzz"))]
/// Reads bytes that arrive in pieces of a size, until nothing more can be read.
pub(crate) fn read_in_pieces(
    conn: &Conn,
    limits: &Limits,
    bytes: &[u8],
    size: usize,
) -> Vec<Inbound> {
    let mut reader = FrameReader::new(Bytes::new(), limits);
    let mut all = Vec::new();
    for piece in bytes.chunks(size) {
        reader.source.arrived(piece);
        loop {
            reader.begin_turn(Instant::now());
            match reader.next(conn) {
                Inbound::Nothing if reader.is_spent() => {}
                Inbound::Nothing => break,
                end @ (Inbound::Close(_) | Inbound::Violation(_) | Inbound::Lost) => {
                    all.push(end);
                    return all;
                }
                inbound => all.push(inbound),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{FrameReader, Inbound, READ_BUFFER};
    use crate::Limits;
    use crate::connection::{Conn, flood_from, pair};
    use crate::socket::source::{PER_TURN, READ_MAX};
    use bytes::Bytes;
    use sessions::api::ConnectionId;
    use std::io::Write as _;
    use std::time::Duration;
    use tokio::time::Instant;

    /// A client's text frame under the mask of zeros.
    fn frame(length: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match u8::try_from(length) {
            Ok(short) if short < 126 => frame.push(0x80 | short),
            _ => {
                frame.push(0xfe);
                frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.resize(frame.len() + length, b'x');
        frame
    }

    #[tokio::test]
    async fn bytes_that_came_together_are_read_frame_by_frame() {
        let (stream, mut client) = pair().await;
        let conn = Conn::new(ConnectionId(1), stream, &Limits::default());
        let lengths = [
            1,
            READ_BUFFER,
            5,
            READ_BUFFER + 1,
            READ_MAX,
            9,
            3 * READ_MAX,
            2,
        ];
        let all: Vec<u8> = lengths.iter().flat_map(|length| frame(*length)).collect();
        // hyper had already read half a frame.
        let (early, late) = all.split_at(3);
        let mut reader = FrameReader::new(Bytes::copy_from_slice(early), &Limits::default());
        client.write_all(late).unwrap();
        conn.stream.readable().await.unwrap();
        for length in lengths {
            reader.begin_turn(Instant::now());
            let Inbound::Text(text) = reader.next(&conn) else {
                panic!("a text of {length} bytes");
            };
            assert_eq!(text.len(), length);
        }
        assert!(matches!(reader.next(&conn), Inbound::Nothing));
        assert!(reader.source.is_empty());
    }

    #[tokio::test]
    async fn a_turn_ends_although_a_thread_writes_without_pause() {
        // One byte of a message, then empty fragments of it: tungstenite alone would never return.
        let opening = [0x01, 0x81, 0, 0, 0, 0, b'x'];
        let fragment = [0x00, 0x80, 0, 0, 0, 0];
        for (first, again) in [
            (&opening[..], &fragment[..]),
            (&opening[..], &[0x00, 0x81, 0, 0, 0, 0, b'x'][..]),
            (&[][..], &[0x89, 0x80, 0, 0, 0, 0][..]),
            (&[][..], &[0x8a, 0x80, 0, 0, 0, 0][..]),
            (&[][..], &[0x81, 0x81, 0, 0, 0, 0, b'x'][..]),
        ] {
            let (stream, client) = pair().await;
            let conn = Conn::new(ConnectionId(1), stream, &Limits::default());
            let flood = flood_from(client, first, again);
            let mut reader = FrameReader::new(Bytes::new(), &Limits::default());
            let (began, mut bytes_read, mut spent) = (Instant::now(), 0, 0);
            while spent < 20 {
                conn.stream.readable().await.unwrap();
                reader.begin_turn(Instant::now());
                while !matches!(reader.next(&conn), Inbound::Nothing) {}
                spent += usize::from(reader.is_spent());
                bytes_read += reader.bytes_read();
                assert!(reader.bytes_read() <= PER_TURN);
            }
            assert!(bytes_read >= 20 * PER_TURN);
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{:?}",
                began.elapsed()
            );
            drop(conn);
            flood.join().unwrap();
        }
    }
}
