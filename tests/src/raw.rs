//! A client of a few hundred bytes, for when thousands are needed: it handles frames, checks
//! nothing, and can vanish without a close frame.

use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nhost: parlor\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The kernel takes at least this much.
const NARROW_BYTES: u32 = 2_048;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const MASKED: u8 = 0x80;
/// Marks a length that follows in two bytes.
const LONGER: u8 = 0x7e;

/// One connection.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    /// Received bytes that have not been used yet.
    bytes: Vec<u8>,
}

/// What the server sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A text frame.
    Text(Value),
    /// A close frame with this code.
    Close(u16),
    /// The connection ended without a close frame.
    Nothing,
}

impl Raw {
    /// Connects and sends nothing.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        let bytes = Vec::new();
        Ok(Self { stream, bytes })
    }

    /// Connects with so small a buffer that little is received which is not read.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn connect_narrow(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(NARROW_BYTES)?;
        let stream = socket.connect(address).await?;
        let bytes = Vec::new();
        Ok(Self { stream, bytes })
    }

    /// Upgrades to a WebSocket.
    ///
    /// # Errors
    /// When the server does not want it.
    pub async fn upgrade(&mut self) -> io::Result<()> {
        self.stream.write_all(UPGRADE.as_bytes()).await?;
        let end = loop {
            if let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        if !self.bytes.starts_with(b"HTTP/1.1 101") {
            let head = String::from_utf8_lossy(&self.bytes).into_owned();
            return Err(io::Error::other(head));
        }
        self.bytes.drain(..end);
        Ok(())
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn say(&mut self, text: &Value) -> io::Result<()> {
        self.frame(TEXT, text.to_string().as_bytes()).await
    }

    /// Sends a close frame, as a browser does.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn close(&mut self, code: u16) -> io::Result<()> {
        self.frame(CLOSE, &code.to_be_bytes()).await
    }

    /// Sends any bytes.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads until the server closes the connection and returns everything as text.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn rest(mut self) -> io::Result<String> {
        self.stream.read_to_end(&mut self.bytes).await?;
        Ok(String::from_utf8_lossy(&self.bytes).into_owned())
    }

    /// Returns the next text or close frame.
    pub async fn next(&mut self) -> Received {
        loop {
            if let Some((first, payload)) = self.taken() {
                match first {
                    TEXT => {
                        let text = serde_json::from_slice(&payload);
                        return Received::Text(text.expect("a text frame is JSON"));
                    }
                    CLOSE => {
                        let code = payload
                            .first_chunk()
                            .map_or(1005, |two| u16::from_be_bytes(*two));
                        return Received::Close(code);
                    }
                    _ => {}
                }
            } else if self.more().await.is_err() {
                return Received::Nothing;
            }
        }
    }

    /// Reads until the reply to this command.
    pub async fn reply(&mut self, id: u64) -> Option<Value> {
        loop {
            match self.next().await {
                Received::Text(frame) if frame["id"] == id => return Some(frame),
                Received::Text(_) => {}
                Received::Close(_) | Received::Nothing => return None,
            }
        }
    }

    /// Resets the connection: data in flight is lost.
    pub fn reset(self) {
        let _ = self.stream.set_zero_linger();
        drop(self);
    }

    /// Writes a masked frame; the mask is all zeros.
    async fn frame(&mut self, first: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![first];
        let length = u16::try_from(payload.len()).expect("short frames only");
        if length < 126 {
            frame.push(MASKED | length.to_be_bytes()[1]);
        } else {
            frame.push(MASKED | LONGER);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await
    }

    /// Returns the first complete frame received.
    fn taken(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, short) = (*self.bytes.first()?, *self.bytes.get(1)?);
        let (start, length) = match short {
            126 => {
                let length = self.bytes.get(2..4)?.try_into().ok()?;
                (4, usize::from(u16::from_be_bytes(length)))
            }
            127 => {
                let length = self.bytes.get(2..10)?.try_into().ok()?;
                (10, usize::try_from(u64::from_be_bytes(length)).ok()?)
            }
            short => (2, usize::from(short)),
        };
        let payload = self.bytes.get(start..start + length)?.to_vec();
        self.bytes.drain(..start + length);
        Some((first, payload))
    }

    async fn more(&mut self) -> io::Result<()> {
        let mut scratch = [0; 2048];
        match self.stream.read(&mut scratch).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.bytes.extend_from_slice(&scratch[..count]);
                Ok(())
            }
        }
    }
}
