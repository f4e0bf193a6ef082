//! The client's end of the TCP connection, which can break after a given number of bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP stream that fails after a given number of bytes.
#[derive(Debug)]
pub struct BreakableStream {
    stream: TcpStream,
    left: Option<usize>,
}

impl BreakableStream {
    /// Returns a stream that does not break.
    #[must_use]
    pub fn whole(stream: TcpStream) -> Self {
        Self { stream, left: None }
    }

    /// Breaks after this many more bytes have been read.
    pub fn break_after(&mut self, bytes: usize) {
        self.left = Some(bytes);
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(left) = self.left else {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        };
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let mut part = buffer.take(left);
        let polled = Pin::new(&mut self.stream).poll_read(context, &mut part);
        let count = part.filled().len();
        let filled = part.filled().to_vec();
        buffer.put_slice(&filled);
        self.left = Some(left - count);
        polled
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
