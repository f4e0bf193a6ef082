//! What carries the bytes of a socket: a TCP connection, or a pipe within the process. One place that reads
//! and one that writes.

use super::pipe::ServerEnd;
use super::stream::Stream;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

/// The bytes of one socket.
pub(crate) enum Transport {
    Tcp(Stream),
    Pipe(ServerEnd),
}

impl From<Stream> for Transport {
    fn from(stream: Stream) -> Self {
        Self::Tcp(stream)
    }
}

impl From<ServerEnd> for Transport {
    fn from(end: ServerEnd) -> Self {
        Self::Pipe(end)
    }
}

impl Transport {
    /// Returns whether the client is in this process, so that its end shows at once.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Pipe(_))
    }

    /// Reads what has come; fails with `WouldBlock` if that is nothing.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Pipe(end) => end.try_read(buffer),
        }
    }

    /// Writes what is accepted; fails with `WouldBlock` if that is nothing.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Pipe(end) => end.try_write(bytes),
        }
    }

    pub(crate) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Pipe(end) => {
                poll_fn(|cx| end.poll_readable(cx)).await;
                Ok(())
            }
        }
    }

    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Pipe(end) => {
                poll_fn(|cx| end.poll_writable(cx)).await;
                Ok(())
            }
        }
    }

    /// Returns ready when there may be something to read. One task waits at a time; the waiting future
    /// holds no state.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_readable(cx),
            Self::Pipe(end) => end.poll_readable(cx).map(Ok),
        }
    }

    /// Returns ready when more may be accepted. One task waits at a time; the waiting future holds no
    /// state.
    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_writable(cx),
            Self::Pipe(end) => end.poll_writable(cx).map(Ok),
        }
    }

    /// Shuts down the write side.
    pub(crate) fn shutdown_write(&self) {
        match self {
            Self::Tcp(stream) => stream.shutdown_write(),
            Self::Pipe(end) => end.shutdown_write(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stream, Transport};

    #[test]
    fn a_socket_over_tcp_takes_no_more_memory_for_the_choice() {
        assert_eq!(size_of::<Transport>(), size_of::<Stream>());
    }
}
