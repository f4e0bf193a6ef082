//! Raw HTTP/1.1 over TCP, from a chosen address: for incomplete and malformed requests.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(30);

/// Connects from this address of the machine.
pub(crate) async fn connect_from(address: &str, server: SocketAddr) -> io::Result<TcpStream> {
    let own = SocketAddr::new(address.parse().expect("an address"), 0);
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(own)?;
    socket.connect(server).await
}

/// One connection.
#[derive(Debug)]
pub struct HttpConnection {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl HttpConnection {
    /// Connects from this address of the machine, such as `127.0.0.2`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn from(address: &str, server: SocketAddr) -> io::Result<Self> {
        let stream = connect_from(address, server).await?;
        let bytes = Vec::new();
        Ok(Self { stream, bytes })
    }

    /// Writes these bytes.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }

    /// Returns the status and body of the next answer; status 0 if the connection ended instead.
    pub async fn answer(&mut self) -> (u16, String) {
        let answer = tokio::time::timeout(LIMIT, self.read()).await;
        answer
            .expect("an answer in time")
            .unwrap_or((0, String::new()))
    }

    /// Writes a request and reads its answer.
    pub async fn ask(&mut self, request: &str) -> (u16, String) {
        // A rejected client gets an answer too.
        let _ = self.write(request).await;
        self.answer().await
    }

    /// Writes a request and returns the head of its answer, in lower case, and the body; empty if the
    /// connection ended instead.
    pub async fn ask_for_head(&mut self, request: &str) -> (String, String) {
        let _ = self.write(request).await;
        let answer = tokio::time::timeout(LIMIT, self.read_head()).await;
        answer.expect("an answer in time").unwrap_or_default()
    }

    /// Returns how long it takes until the server closes the connection.
    pub async fn closed(&mut self) -> Duration {
        let began = tokio::time::Instant::now();
        let closing = async { while self.more().await.is_ok() {} };
        let closed = tokio::time::timeout(LIMIT, closing).await;
        closed.expect("the connection is closed in time");
        began.elapsed()
    }

    async fn read(&mut self) -> io::Result<(u16, String)> {
        let (head, body) = self.read_head().await?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok((status.expect("a status"), body))
    }

    async fn read_head(&mut self) -> io::Result<(String, String)> {
        let end = loop {
            if let Some(at) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.bytes[..end]).to_lowercase();
        let length = head
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.lines().next())
            .map_or(0, |length| length.parse().expect("a length"));
        while self.bytes.len() < end + length {
            self.more().await?;
        }
        let body = String::from_utf8_lossy(&self.bytes[end..end + length]).into_owned();
        self.bytes.drain(..end + length);
        Ok((head, body))
    }

    async fn more(&mut self) -> io::Result<()> {
        let mut scratch = [0; 4096];
        match self.stream.read(&mut scratch).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.bytes.extend_from_slice(&scratch[..count]);
                Ok(())
            }
        }
    }
}
