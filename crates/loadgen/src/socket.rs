//! A non-blocking socket of an event loop, which reads through a buffer shared by all.

use crate::frame::{self, Frame, Opcode};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, Read, Write};

/// Size of the read buffer: more than a socket buffers during a fan-out.
pub(crate) const BUFFER_BYTES: usize = 512 * 1024;

pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    /// The beginning of an incomplete frame.
    rest: Vec<u8>,
    output: Vec<u8>,
}

/// The close code of an ended connection; 1006 if it ended without one.
pub(crate) struct Closed(pub(crate) u16);

impl Socket {
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

    /// Writes what the kernel accepts; the rest waits for the next call.
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

    /// Reads everything available, passes each whole payload to `each`, and answers pings.
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
            // A short read means that the socket is empty: saves a second call.
            if read < room {
                return Ok(());
            }
        }
    }
}
