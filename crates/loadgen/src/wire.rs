//! A non-blocking connection of the hot loop: bytes in by one buffer shared by all, bytes out.

use crate::frame::{self, Frame, Opcode};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, Read, Write};

/// What a read buffer holds at most: longer than what a socket buffers of a fan-out.
pub(crate) const BUFFER_BYTES: usize = 512 * 1024;

pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    /// The beginning of a frame whose end has not come.
    rest: Vec<u8>,
    output: Vec<u8>,
}

/// Why a connection is over.
pub(crate) struct Closed(pub(crate) u16);

impl Wire {
    pub(crate) fn new(stream: std::net::TcpStream, rest: Vec<u8>) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            rest,
            output: Vec::new(),
        })
    }

    pub(crate) const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Writes what it can; the rest goes with the next turn.
    pub(crate) fn flush(&mut self) -> Result<(), Closed> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(written) => {
                    self.output.drain(..written);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Closed(1006)),
            }
        }
        Ok(())
    }

    /// Reads all there is and hands over each whole payload. Pings are answered.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        mut each: impl FnMut(&[u8], &mut Vec<u8>),
    ) -> Result<(), Closed> {
        loop {
            let kept = self.rest.len();
            buffer[..kept].copy_from_slice(&self.rest);
            let room = buffer.len() - kept;
            let read = match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => return Err(Closed(1006)),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Err(Closed(1006)),
            };
            let filled = &buffer[..kept + read];
            let mut used = 0;
            while let Some((frame, length)) = frame::read(&filled[used..]) {
                match frame {
                    Frame::Data(payload) => each(payload, &mut self.output),
                    Frame::Ping(payload) => frame::write(&mut self.output, Opcode::Pong, payload),
                    Frame::Close(code) => return Err(Closed(code)),
                    Frame::Other => {}
                }
                used += length;
            }
            self.rest.clear();
            self.rest.extend_from_slice(&filled[used..]);
            // A short read says that the socket is empty: no second call to hear it.
            if read < room {
                return Ok(());
            }
        }
    }
}
