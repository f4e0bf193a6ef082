//! The receiving half of a connection within the process.

use crate::connection::{ClientEnd, ClientWriter};
use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::task::{Context, Poll, ready};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message};

/// The decoder's read buffer, bytes; zeroed at every read and kept per connection.
const READ_BUFFER: usize = 1 << 10;
/// The decoder's write buffer, bytes; only pongs and close echoes pass through it.
const WRITE_BUFFER_MAX: usize = 1 << 10;
/// The close code of a connection that ended without one (RFC 6455).
const ABNORMAL: u16 = 1006;
/// The code of a close frame without one (RFC 6455).
const NO_CODE: u16 = 1005;

/// What the server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalMessage {
    /// A frame: a reply or a push.
    Text(String),
    /// The end of the connection, as `docs/protocol.md` explains its codes; 1006 if it was cut.
    Closed {
        /// The close code.
        code: u16,
        /// A few words on why, in English.
        reason: String,
    },
}

/// Receives the server's frames of a [`crate::LocalConnection`], and answers its pings. Closes the
/// connection when dropped.
pub struct LocalReceiver {
    ws: WebSocketContext,
    pipe: ClientEnd,
    writer: ClientWriter,
    ended: bool,
}

impl LocalReceiver {
    pub(super) fn new(pipe: ClientEnd) -> Self {
        // The server bounds its own frames.
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_MAX)
            .max_message_size(None)
            .max_frame_size(None);
        Self {
            ws: WebSocketContext::new(Role::Client, Some(config)),
            writer: pipe.writer(),
            pipe,
            ended: false,
        }
    }

    /// Returns the next frame of the server, and at the end how it has closed; then `None`. Cancel-safe.
    pub async fn recv(&mut self) -> Option<LocalMessage> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<LocalMessage>> {
        while !self.ended {
            match self.read() {
                Ok(Message::Text(text)) => {
                    let text = text.as_str().to_owned();
                    return Poll::Ready(Some(LocalMessage::Text(text)));
                }
                Ok(Message::Close(frame)) => {
                    self.echo_close();
                    let (code, reason) = frame.map_or((NO_CODE, String::new()), |frame| {
                        (frame.code.into(), frame.reason.as_str().to_owned())
                    });
                    return Poll::Ready(Some(LocalMessage::Closed { code, reason }));
                }
                // The next read answers a ping.
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.pipe.poll_readable(cx));
                }
                Err(_) => {
                    self.ended = true;
                    return Poll::Ready(Some(LocalMessage::Closed {
                        code: ABNORMAL,
                        reason: String::new(),
                    }));
                }
            }
        }
        Poll::Ready(None)
    }

    fn read(&mut self) -> Result<Message, Error> {
        let (pipe, writer) = (&self.pipe, &self.writer);
        self.ws.read(&mut PipeShim { pipe, writer })
    }

    /// Answers the server's close frame, so that it does not wait for one.
    fn echo_close(&mut self) {
        self.ended = true;
        let (pipe, writer) = (&self.pipe, &self.writer);
        // Fails only if the server's end is gone, or has had a close frame already.
        let _ = self.ws.flush(&mut PipeShim { pipe, writer });
    }
}

impl fmt::Debug for LocalReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalReceiver")
    }
}

/// The pipe as tungstenite sees it.
struct PipeShim<'a> {
    pipe: &'a ClientEnd,
    writer: &'a ClientWriter,
}

impl Read for PipeShim<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.try_read(buffer)
    }
}

impl Write for PipeShim<'_> {
    /// Writes a pong or the echo of a close frame.
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.writer.write_now(frame)?;
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
