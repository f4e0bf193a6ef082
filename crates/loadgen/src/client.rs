//! One connection of the generator.

use crate::frame::{self, Frame};
use anyhow::{Context, bail};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for any one answer.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
    next_id: u64,
}

impl Client {
    /// Opens a WebSocket.
    pub(crate) async fn connect(address: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Sec-WebSocket-Protocol: parlor.v1\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut client = Self {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            next_id: 1,
        };
        client.accept_upgrade().await?;
        Ok(client)
    }

    async fn accept_upgrade(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some(end) = find(&self.input, b"\r\n\r\n") {
                if !self.input.starts_with(b"HTTP/1.1 101") {
                    bail!(
                        "no upgrade: {}",
                        String::from_utf8_lossy(&self.input[..end])
                    );
                }
                self.input.drain(..end + 4);
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Queues a command; [`Client::flush`] writes it. Returns its id.
    pub(crate) fn queue(&mut self, op: &str, d: &str) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        frame::write_text(
            &mut self.output,
            &format!(r#"{{"id":{id},"op":"{op}","d":{d}}}"#),
        );
        id
    }

    pub(crate) async fn flush(&mut self) -> anyhow::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }

    /// One command and its `ok`; pushes on the way are passed over.
    pub(crate) async fn call(&mut self, op: &str, d: &str) -> anyhow::Result<Value> {
        let id = self.queue(op, d);
        self.flush().await?;
        loop {
            let mut answer = None;
            self.read(|text| {
                let value: Value = serde_json::from_slice(text).unwrap_or_default();
                if value["id"] == id {
                    answer = Some(value);
                }
            })
            .await?;
            if let Some(mut answer) = answer {
                if answer["ok"].is_null() {
                    bail!("{op} was declined: {answer}");
                }
                return Ok(answer["ok"].take());
            }
        }
    }

    /// Waits for bytes and hands over each whole text frame. Pings are answered.
    pub(crate) async fn read(&mut self, mut each: impl FnMut(&[u8])) -> anyhow::Result<()> {
        timeout(PATIENCE, self.fill())
            .await
            .context("the server is silent")??;
        let mut used = 0;
        while let Some((frame, length)) = frame::read(&self.input[used..]) {
            match frame {
                Frame::Text(text) => each(text),
                Frame::Ping(payload) => frame::write_pong(&mut self.output, payload),
                Frame::Close(code) => bail!("the server closed with {code}"),
                Frame::Other => {}
            }
            used += length;
        }
        self.input.drain(..used);
        self.flush().await
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        self.input.reserve(4096);
        if self.stream.read_buf(&mut self.input).await? == 0 {
            bail!("the server hung up");
        }
        Ok(())
    }
}

/// The `id` of a reply, or `None` for a push: replies begin with `{"id":`.
pub(crate) fn reply_id(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(br#"{"id":"#)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

/// Whether a reply is an `ok`.
pub(crate) fn is_ok(text: &[u8]) -> bool {
    find(&text[..text.len().min(40)], br#""ok":"#).is_some()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_from_pushes() {
        assert_eq!(reply_id(br#"{"id":17,"ok":{}}"#), Some(17));
        assert_eq!(reply_id(br#"{"ev":"entry","room":"x"}"#), None);
        assert!(is_ok(br#"{"id":17,"ok":{}}"#));
        assert!(!is_ok(br#"{"id":17,"err":{"name":"muted"}}"#));
    }
}
