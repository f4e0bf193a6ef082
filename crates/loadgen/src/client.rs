//! An asynchronous WebSocket client, for what happens once or outside the event loops.

use crate::frame::{self, Frame, Opcode};
use crate::protocol::{Incoming, Protocol};
use anyhow::{Context, bail};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections rotate through this many loopback addresses: each has 28,000 ports, and a used port
/// stays in TIME-WAIT for a minute.
const ADDRESSES: u8 = 64;

static TURN: AtomicU8 = AtomicU8::new(0);

pub(crate) struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
    next_id: u64,
}

impl Client {
    /// Connects and upgrades to a WebSocket.
    pub(crate) async fn connect(address: &str, protocol: Protocol) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        let turn = TURN.fetch_add(1, Ordering::Relaxed) % ADDRESSES;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, 1 + turn), 0)))?;
        let mut stream = socket
            .connect(address.parse()?)
            .await
            .context("connecting")?;
        stream.set_nodelay(true)?;
        let (path, protocol) = match protocol {
            Protocol::Parlor => ("/ws", "Sec-WebSocket-Protocol: parlor.v1\r\n"),
            Protocol::SocketIo | Protocol::ParlorSocketIo => {
                ("/socket.io/?EIO=4&transport=websocket", "")
            }
            Protocol::Json => ("/ws", ""),
            Protocol::Nats => ("/", ""),
            Protocol::Centrifugo => ("/connection/websocket", ""),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             {protocol}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut client = Self {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            next_id: 1,
        };
        timeout(ANSWER_TIMEOUT, client.accept_upgrade())
            .await
            .context("no response to the upgrade request")??;
        Ok(client)
    }

    async fn accept_upgrade(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some(end) = find(&self.input, b"\r\n\r\n") {
                if !self.input.starts_with(b"HTTP/1.1 101") {
                    bail!(
                        "upgrade refused: {}",
                        String::from_utf8_lossy(&self.input[..end])
                    );
                }
                self.input.drain(..end + 4);
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Queues a command of Parlor or of a JSON peer; [`Client::flush`] writes it. Returns its id.
    pub(crate) fn queue(&mut self, op: &str, d: &str) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let text = format!(r#"{{"id":{id},"op":"{op}","d":{d}}}"#);
        frame::write(&mut self.output, Opcode::Text, text.as_bytes());
        id
    }

    pub(crate) async fn flush(&mut self) -> anyhow::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }

    /// Sends a command and returns the `ok` of its reply; ignores pushes.
    pub(crate) async fn call(&mut self, op: &str, d: &str) -> anyhow::Result<Value> {
        let reply = self.reply(op, d).await?;
        let mut reply: Value = serde_json::from_slice(&reply)?;
        Ok(reply["ok"].take())
    }

    /// Sends a command and returns its raw reply; ignores pushes.
    pub(crate) async fn reply(&mut self, op: &str, d: &str) -> anyhow::Result<Vec<u8>> {
        let wanted = self.queue(op, d);
        self.flush().await?;
        let mut found = None;
        while found.is_none() {
            self.read(|payload| {
                Protocol::Parlor.scan(payload, "", |seen| {
                    if let Incoming::Reply { id, ok } = seen
                        && id == wanted
                    {
                        found = Some((ok, payload.to_vec()));
                    }
                });
            })
            .await?;
        }
        let (ok, reply) = found.expect("the loop ends when it is set");
        if !ok {
            bail!("{op} was refused: {}", String::from_utf8_lossy(&reply));
        }
        Ok(reply)
    }

    /// Writes one frame and waits for a payload that begins with `answer`.
    pub(crate) async fn exchange(
        &mut self,
        opcode: Opcode,
        payload: &str,
        answer: &str,
    ) -> anyhow::Result<()> {
        frame::write(&mut self.output, opcode, payload.as_bytes());
        self.flush().await?;
        self.await_payload(answer).await
    }

    /// Waits for a payload that begins with `begin`; ignores others.
    pub(crate) async fn await_payload(&mut self, begin: &str) -> anyhow::Result<()> {
        let mut seen = false;
        while !seen {
            self.read(|payload| seen |= payload.starts_with(begin.as_bytes()))
                .await?;
        }
        Ok(())
    }

    /// Waits for bytes, passes each whole payload to `each`, and answers pings.
    pub(crate) async fn read(&mut self, mut each: impl FnMut(&[u8])) -> anyhow::Result<()> {
        let mut used = self.frames(&mut each)?;
        if used == 0 {
            timeout(ANSWER_TIMEOUT, self.fill())
                .await
                .context("the server sent nothing for 60 s")??;
            used = self.frames(&mut each)?;
        }
        self.input.drain(..used);
        self.flush().await
    }

    fn frames(&mut self, each: &mut impl FnMut(&[u8])) -> anyhow::Result<usize> {
        let mut used = 0;
        while let Some((frame, length)) = frame::read(&self.input[used..]) {
            match frame {
                Frame::Data(payload) => each(payload),
                Frame::Ping(payload) => frame::write(&mut self.output, Opcode::Pong, payload),
                Frame::Close(code) => bail!("the server closed the connection with {code}"),
                Frame::Other => {}
            }
            used += length;
        }
        Ok(used)
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        self.input.reserve(4096);
        if self.stream.read_buf(&mut self.input).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }

    pub(crate) fn local_address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.stream.local_addr()?)
    }

    /// Returns the stream and the bytes that were read and not used.
    pub(crate) fn into_parts(self) -> anyhow::Result<(std::net::TcpStream, Vec<u8>)> {
        Ok((self.stream.into_std()?, self.input))
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
