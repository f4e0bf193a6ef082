//! The one place that reads: tungstenite decodes, over a shim whose writes (pongs, the echo of a
//! close frame) go into the connection's queue as whole frames.

use super::conn::Conn;
use super::egress::Class;
use super::frame::{Close, Frame};
use crate::Limits;
use bytes::Bytes;
use std::io::{self, Read, Write};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

/// Zeroed at every read and kept per connection, so small.
const READ_BUFFER: usize = 1024;
/// Pongs alone pass through it.
const WRITE_BUFFER_MAX: usize = 1 << 10;

pub(super) struct Reader {
    ws: WebSocketContext,
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
    pub(super) fn new(read_ahead: &Bytes, limits: &Limits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_MAX)
            .max_message_size(Some(limits.frame_bytes))
            .max_frame_size(Some(limits.frame_bytes));
        let part = read_ahead.to_vec();
        Self {
            ws: WebSocketContext::from_partially_read(part, Role::Server, Some(config)),
        }
    }

    /// The next thing that the kernel already has.
    pub(super) fn next(&mut self, conn: &Conn) -> Inbound {
        match self.ws.read(&mut Shim { conn }) {
            Ok(Message::Text(text)) => Inbound::Text(text),
            Ok(Message::Binary(_) | Message::Frame(_)) => Inbound::Refused(Close::BINARY),
            Ok(Message::Ping(_)) => Inbound::Ping,
            Ok(Message::Pong(_)) => Inbound::Pong,
            Ok(Message::Close(frame)) => {
                // Queues the echo; that the handshake is complete is told as an error.
                let _ = self.ws.flush(&mut Shim { conn });
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
}

impl Read for Shim<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.conn.stream.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
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
