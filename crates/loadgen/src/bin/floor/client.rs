//! One client: its socket, the frame it has sent so far, and the frames queued for it.

use mio::net::TcpStream;
use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Duration;
use tokio_tungstenite::tungstenite;

/// Time limit of a handshake; all other clients wait meanwhile.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    /// Whole frames that are not written yet.
    pub(crate) queue: Vec<u8>,
    /// The beginning of an incomplete frame.
    input: Vec<u8>,
}

/// The client has closed its connection, or the connection failed.
#[derive(Debug)]
pub(crate) struct Gone;

impl Client {
    pub(crate) fn handshake(stream: TcpStream) -> anyhow::Result<Self> {
        let stream = std::net::TcpStream::from(stream);
        stream.set_nodelay(true)?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
        let socket =
            tungstenite::accept(stream).map_err(|_| anyhow::anyhow!("the handshake failed"))?;
        let stream = socket.into_inner();
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            queue: Vec::new(),
            input: Vec::new(),
        })
    }

    /// Returns the text frames that have arrived completely.
    pub(crate) fn read(&mut self) -> Result<Vec<Vec<u8>>, Gone> {
        let mut buffer = [0; 4 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(Gone),
                Ok(length) => self.input.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Gone),
            }
        }
        let (mut texts, mut at) = (Vec::new(), 0);
        while let Some((opcode, payload, length)) = masked_frame(&self.input[at..]) {
            at += length;
            match opcode {
                0x1 => texts.push(payload),
                0x8 => return Err(Gone),
                _ => {}
            }
        }
        self.input.drain(..at);
        Ok(texts)
    }

    /// Writes what the kernel accepts; an event follows when it accepts more.
    pub(crate) fn write(&mut self) -> Result<(), Gone> {
        if self.queue.is_empty() {
            return Ok(());
        }
        match self.stream.write(&self.queue) {
            Ok(taken) => {
                self.queue.drain(..taken);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(Gone),
        }
    }
}

/// Builds an unmasked text frame.
pub(crate) fn text_frame(text: &str) -> Vec<u8> {
    let mut frame = Vec::with_capacity(text.len() + 4);
    frame.push(0x81);
    match text.len() {
        short @ 0..126 => frame.push(u8::try_from(short).expect("below 126")),
        long => {
            frame.push(126);
            let long = u16::try_from(long).expect("the generator's texts are short");
            frame.extend_from_slice(&long.to_be_bytes());
        }
    }
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// Returns opcode, payload and length of the first whole frame of a client.
fn masked_frame(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match second & 0x7F {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        short => (usize::from(short), rest),
    };
    let (mask, rest) = rest.split_first_chunk::<4>()?;
    let masked = rest.get(..length)?;
    let payload = masked.iter().zip(mask.iter().cycle());
    let payload = payload.map(|(byte, mask)| byte ^ mask).collect();
    let left = rest.len() - length;
    Some((first & 0xF, payload, bytes.len() - left))
}
