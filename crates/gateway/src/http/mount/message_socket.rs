//! A WebSocket of a mount: whole messages, with the gateway's limits of size and time.

use super::watched_stream::WatchedStream;
use crate::Limits;
use crate::connection::{Close, Stream};
use crate::rate_limit::Bucket;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

/// The decoder's buffers, bytes.
const BUFFER: usize = 4 << 10;
/// How long the client may take to close after the server's close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// What a mount has to say goodbye in its own way when the server stops.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);
/// Longest reason of a close frame, bytes (RFC 6455).
const REASON_MAX: usize = 123;
const RESTART: (u16, &str) = (1012, "restart");
/// The codes of a connection that ended without one, and of a close frame without one (RFC 6455).
const ABNORMAL: u16 = 1006;
const NO_CODE: u16 = 1005;

/// A message of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketMessage {
    /// A text message.
    Text(String),
    /// A message of any bytes.
    Binary(Bytes),
    /// The end of the socket, and its code: the client's, 1006 if it was lost, or the one with which the
    /// gateway has closed it.
    Closed(u16),
}

/// Nothing can be sent: the socket has ended, or its client has read nothing for 15 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the socket has ended")]
pub struct SocketEnded;

/// A WebSocket of a mount. Drop it only after [`MessageSocket::close`], or the client learns no code.
///
/// While the mount receives, the gateway pings a silent client and gives it up as it does at `/ws`, charges for
/// control frames and small fragments, closes a flood with 4508 and a message that is not finished in time with
/// 4003, and closes the socket with 1012 when the server stops.
pub struct MessageSocket {
    ws: WebSocketStream<WatchedStream>,
    limits: Limits,
    /// Cancelled when the server says goodbye.
    goodbye: CancellationToken,
    leave_by: Option<Instant>,
    pinged: Option<Instant>,
    /// The gateway's pings without a pong: those pongs are free.
    pongs_owed: u8,
    ended: bool,
    /// How it has ended, until that has been received.
    closed: Option<u16>,
}

impl MessageSocket {
    pub(super) async fn new(
        stream: Stream,
        read_ahead: &Bytes,
        limits: Limits,
        bucket: Arc<Bucket>,
        goodbye: CancellationToken,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(limits.frame_bytes))
            .max_frame_size(Some(limits.frame_bytes));
        let stream = WatchedStream::new(stream, read_ahead, bucket, &limits);
        let part = read_ahead.to_vec();
        let ws = WebSocketStream::from_partially_read(stream, part, Role::Server, Some(config));
        Self {
            ws: ws.await,
            limits,
            goodbye,
            leave_by: None,
            pinged: None,
            pongs_owed: 0,
            ended: false,
            closed: None,
        }
    }

    /// Returns the next message, and at the end how the socket has ended; then `None`. Cancel-safe.
    pub async fn recv(&mut self) -> Option<SocketMessage> {
        while !self.ended {
            match self.wait().await {
                SocketEvent::Message(Ok(Message::Text(text))) => {
                    return Some(SocketMessage::Text(text.as_str().to_owned()));
                }
                SocketEvent::Message(Ok(Message::Binary(bytes))) => {
                    return Some(SocketMessage::Binary(bytes));
                }
                SocketEvent::Message(Ok(Message::Close(frame))) => {
                    self.ended = true;
                    self.closed = Some(frame.map_or(NO_CODE, |frame| frame.code.into()));
                    // The echo; a client that does not take it is gone.
                    let _ = timeout(CLOSE_WITHIN, self.ws.flush()).await;
                }
                SocketEvent::Message(Ok(Message::Pong(_))) if self.pongs_owed > 0 => {
                    self.pongs_owed -= 1;
                }
                // tungstenite answers a ping with the next read or write.
                SocketEvent::Message(Ok(_)) => self.ws.get_mut().charge(),
                SocketEvent::Message(Err(error)) => self.failed(&error).await,
                SocketEvent::Silent if self.is_alive().await => {}
                SocketEvent::Lost | SocketEvent::Silent => {
                    self.ended = true;
                    self.closed = Some(ABNORMAL);
                }
                SocketEvent::Goodbye => {
                    let by = Instant::now() + GOODBYE_WITHIN;
                    self.leave_by = Some(by);
                }
                SocketEvent::Overdue => {
                    let (code, reason) = RESTART;
                    self.closed = Some(code);
                    self.close(code, reason).await;
                }
                SocketEvent::Unfinished if self.is_in_time() => {}
                SocketEvent::Unfinished => self.close_with(Close::UNFINISHED).await,
            }
            if self.ws.get_ref().is_flooding() {
                self.close_with(Close::FLOOD).await;
            }
        }
        self.closed.take().map(SocketMessage::Closed)
    }

    /// Sends a message and waits until it is on its way; [`SocketMessage::Closed`] closes the socket.
    ///
    /// # Errors
    /// If the socket has ended, or the client reads nothing for the age at which the gateway closes its own
    /// sockets, which ends this one.
    pub async fn send(&mut self, message: SocketMessage) -> Result<(), SocketEnded> {
        let message = match message {
            SocketMessage::Text(text) => Message::Text(text.into()),
            SocketMessage::Binary(bytes) => Message::Binary(bytes),
            SocketMessage::Closed(code) => {
                self.close(code, "").await;
                return Ok(());
            }
        };
        if self.ended {
            return Err(SocketEnded);
        }
        if let Ok(Ok(())) = timeout(self.limits.egress_age, self.ws.send(message)).await {
            return Ok(());
        }
        self.ended = true;
        Err(SocketEnded)
    }

    /// Closes the socket with this code and reason, and waits at most a second until the client has closed,
    /// too.
    pub async fn close(&mut self, code: u16, reason: &str) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let reason = if reason.len() > REASON_MAX {
            ""
        } else {
            reason
        };
        let frame = CloseFrame {
            code: code.into(),
            reason: Utf8Bytes::from(reason),
        };
        let closing = async {
            if self.ws.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.ws.next().await {}
                // Closing with unread bytes would reset the connection and lose the code: of a flood, nothing
                // more is decoded, and the stream discards it.
                let _ = self.ws.get_mut().shutdown().await;
            }
        };
        // A client that does not close is cut.
        let _ = timeout(CLOSE_WITHIN, closing).await;
    }

    /// Returns whether bytes have come that gave the unfinished message more time.
    fn is_in_time(&self) -> bool {
        let complete_by = self.ws.get_ref().complete_by(&self.limits);
        complete_by.is_none_or(|at| at > Instant::now())
    }

    async fn close_with(&mut self, close: Close) {
        if !self.ended {
            self.closed = Some(close.code);
            self.close(close.code, close.reason).await;
        }
    }

    async fn wait(&mut self) -> SocketEvent {
        let silent_at = match self.pinged {
            Some(at) => at + self.limits.pong_within,
            None => self.ws.get_ref().last_read() + self.limits.ping_every,
        };
        let complete_by = self.ws.get_ref().complete_by(&self.limits);
        // A message may begin during the wait: look again when it could be overdue.
        let look_again = || Instant::now() + self.limits.message_within;
        let unfinished = sleep_until(complete_by.unwrap_or_else(look_again));
        let leaving = async {
            if let Some(by) = self.leave_by {
                sleep_until(by).await;
                return SocketEvent::Overdue;
            }
            self.goodbye.cancelled().await;
            SocketEvent::Goodbye
        };
        tokio::select! {
            next = self.ws.next() => next.map_or(SocketEvent::Lost, SocketEvent::Message),
            () = sleep_until(silent_at) => SocketEvent::Silent,
            () = unfinished => SocketEvent::Unfinished,
            left = leaving => left,
        }
    }

    /// Pings a silent client; returns `false` for one that did not answer. Any byte is an answer.
    async fn is_alive(&mut self) -> bool {
        let last_read = self.ws.get_ref().last_read();
        if let Some(at) = self.pinged.take() {
            return last_read > at;
        }
        let now = Instant::now();
        if last_read + self.limits.ping_every > now {
            return true;
        }
        self.pinged = Some(now);
        self.pongs_owed = self.pongs_owed.saturating_add(1);
        let pinging = self.ws.send(Message::Ping(Bytes::new()));
        matches!(timeout(self.limits.pong_within, pinging).await, Ok(Ok(())))
    }

    /// Closes after a violation of RFC 6455 or of the size limit.
    async fn failed(&mut self, error: &Error) {
        if self.ws.get_ref().is_flooding() {
            return;
        }
        let code = match error {
            Error::Capacity(_) => 1009,
            Error::Utf8(_) => 1007,
            Error::Protocol(_) => 1002,
            _ => ABNORMAL,
        };
        self.closed = Some(code);
        if code == ABNORMAL {
            self.ended = true;
        } else {
            self.close(code, "").await;
        }
    }
}

impl fmt::Debug for MessageSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageSocket")
    }
}

/// What a receiving socket has noticed.
enum SocketEvent {
    Message(Result<Message, Error>),
    /// The client is gone without a word.
    Lost,
    /// Nothing has come for a while.
    Silent,
    /// The server says goodbye.
    Goodbye,
    /// The mount has not closed the socket in time.
    Overdue,
    /// A message is not finished in its time; the time of further bytes may have come meanwhile.
    Unfinished,
}
