//! The sending half of a connection within the process.

use crate::connection::ClientWriter;
use std::fmt;
use std::future::poll_fn;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, Utf8Bytes};

/// Clients have to mask their frames, which means nothing within a process.
const MASK: [u8; 4] = [0; 4];

/// Why a frame was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocalSendError {
    /// The connection has ended; the receiver says how.
    #[error("the connection has ended")]
    Closed,
    /// The server would close the connection because of this frame.
    #[error("a frame must not be longer than {max} bytes")]
    TooLong {
        /// The longest frame that the server reads, bytes.
        max: usize,
    },
}

/// Sends the client's frames of a [`crate::LocalConnection`].
pub struct LocalSender {
    writer: ClientWriter,
    frame_bytes: usize,
    is_closing: bool,
}

impl LocalSender {
    pub(super) fn new(writer: ClientWriter, frame_bytes: usize) -> Self {
        Self {
            writer,
            frame_bytes,
            is_closing: false,
        }
    }

    /// Sends one frame; waits while the server does not read. If dropped meanwhile, nothing was sent.
    ///
    /// # Errors
    /// If the connection has ended, or the frame is longer than the server reads.
    pub async fn send(&mut self, text: &str) -> Result<(), LocalSendError> {
        if self.is_closing {
            return Err(LocalSendError::Closed);
        }
        if text.len() > self.frame_bytes {
            let max = self.frame_bytes;
            return Err(LocalSendError::TooLong { max });
        }
        let text = text.as_bytes().to_vec();
        let frame = encoded(Frame::message(text, OpCode::Data(Data::Text), true));
        let sent = poll_fn(|cx| self.writer.poll_write(cx, &frame)).await;
        sent.map_err(|_| LocalSendError::Closed)
    }

    /// Closes the connection as a client does, with this code. Nothing can be sent after it.
    pub fn close(&mut self, code: u16) {
        if std::mem::replace(&mut self.is_closing, true) {
            return;
        }
        let close = CloseFrame {
            code: code.into(),
            reason: Utf8Bytes::default(),
        };
        // Fails only if the connection has ended.
        let _ = self.writer.write_now(&encoded(Frame::close(Some(close))));
    }
}

impl fmt::Debug for LocalSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalSender")
    }
}

fn encoded(mut frame: Frame) -> Vec<u8> {
    frame.header_mut().mask = Some(MASK);
    let mut bytes = Vec::with_capacity(frame.len());
    frame
        .format(&mut bytes)
        .expect("writing to memory succeeds");
    bytes
}
