//! The one place that reads: tungstenite decodes, over a shim whose writes (pongs, the echo of a
//! close frame) go into the connection's queue as whole frames.

use super::conn::Conn;
use super::egress::Class;
use super::frame::{Close, Frame};
use crate::Limits;
use bytes::{Buf as _, Bytes};
use std::cell::RefCell;
use std::io::{self, Read, Write};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

/// Zeroed at every read and kept per connection, so small: what the kernel gives beyond it waits in
/// [`Reader::ahead`].
const READ_BUFFER: usize = 128;
/// Taken from the kernel at once.
const AT_ONCE: usize = 4 << 10;
/// Pongs alone pass through it.
const WRITE_BUFFER_MAX: usize = 1 << 10;

thread_local! {
    static SCRATCHPAD: RefCell<Vec<u8>> = RefCell::new(vec![0; AT_ONCE]);
}

pub(super) struct Reader {
    ws: WebSocketContext,
    /// What the kernel has given and tungstenite has not taken yet.
    ahead: Bytes,
}

/// What came from the client.
pub(super) enum Inbound {
    /// A text frame: a command, or meant to be one.
    Text(Utf8Bytes),
    /// A control Ping; its Pong is in the queue.
    Ping,
    /// A control Pong.
    Pong,
    /// Its close frame; the echo is in the queue.
    Close(Option<u16>),
    /// It has broken the rules.
    Refused(Close),
    /// It has gone.
    Lost,
    /// Nothing more for now.
    Nothing,
}

impl Reader {
    pub(super) fn new(read_ahead: Bytes, limits: &Limits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_MAX)
            .max_message_size(Some(limits.frame_bytes))
            .max_frame_size(Some(limits.frame_bytes));
        let part = read_ahead.into();
        Self {
            ws: WebSocketContext::from_partially_read(part, Role::Server, Some(config)),
            ahead: Bytes::new(),
        }
    }

    /// The next thing that the kernel already has.
    pub(super) fn next(&mut self, conn: &Conn) -> Inbound {
        let ahead = &mut self.ahead;
        match self.ws.read(&mut Shim { conn, ahead }) {
            Ok(Message::Text(text)) => Inbound::Text(text),
            Ok(Message::Binary(_) | Message::Frame(_)) => Inbound::Refused(Close::BINARY),
            Ok(Message::Ping(_)) => Inbound::Ping,
            Ok(Message::Pong(_)) => Inbound::Pong,
            Ok(Message::Close(frame)) => {
                // Queues the echo; that the handshake is complete is told as an error.
                let ahead = &mut self.ahead;
                let _ = self.ws.flush(&mut Shim { conn, ahead });
                Inbound::Close(frame.map(|frame| frame.code.into()))
            }
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &Error) -> Inbound {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => Inbound::Nothing,
        Error::Capacity(_) => Inbound::Refused(Close::TOO_BIG),
        Error::Utf8(_) => Inbound::Refused(Close::NOT_UTF8),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Inbound::Lost,
        Error::Protocol(_) => Inbound::Refused(Close::PROTOCOL),
        _ => Inbound::Lost,
    }
}

/// The socket as tungstenite sees it.
struct Shim<'a> {
    conn: &'a Conn,
    ahead: &'a mut Bytes,
}

impl Shim<'_> {
    /// Fills the buffer from the kernel; what is too much for it waits ahead.
    fn take(&mut self, buffer: &mut [u8], scratch: &mut [u8]) -> io::Result<usize> {
        let length = loop {
            match self.conn.stream.try_read(scratch) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        let now = length.min(buffer.len());
        buffer[..now].copy_from_slice(&scratch[..now]);
        if now < length {
            *self.ahead = Bytes::copy_from_slice(&scratch[now..length]);
        }
        Ok(now)
    }
}

impl Read for Shim<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return SCRATCHPAD.with_borrow_mut(|scratch| self.take(buffer, scratch));
        }
        let length = self.ahead.len().min(buffer.len());
        self.ahead.copy_to_slice(&mut buffer[..length]);
        if self.ahead.is_empty() {
            *self.ahead = Bytes::new();
        }
        Ok(length)
    }
}

impl Write for Shim<'_> {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.conn.put(Frame::raw(frame), Class::Push);
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Inbound, READ_BUFFER, Reader};
    use crate::Limits;
    use crate::socket::{Conn, pair};
    use bytes::Bytes;
    use sessions::api::ConnectionId;
    use std::io::Write as _;

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
    async fn what_came_at_once_is_read_frame_by_frame_and_nothing_of_it_kept() {
        let (stream, mut client) = pair().await;
        let conn = Conn::new(ConnectionId(1), stream, &Limits::default());
        let lengths = [
            1,
            READ_BUFFER,
            5,
            READ_BUFFER + 1,
            AT_ONCE,
            9,
            3 * AT_ONCE,
            2,
        ];
        let all: Vec<u8> = lengths.iter().flat_map(|length| frame(*length)).collect();
        // Half a frame was read by whoever read before.
        let (early, late) = all.split_at(3);
        let mut reader = Reader::new(Bytes::copy_from_slice(early), &Limits::default());
        client.write_all(late).unwrap();
        conn.stream.readable().await.unwrap();
        for length in lengths {
            let Inbound::Text(text) = reader.next(&conn) else {
                panic!("a text of {length} bytes");
            };
            assert_eq!(text.len(), length);
        }
        assert!(matches!(reader.next(&conn), Inbound::Nothing));
        assert!(reader.ahead.is_empty());
    }
}
