//! The gateway's own TCP stream: one place that reads and one that writes.
//!
//! A concrete `TcpStream` lies inside, so that a socket can be handed to another process.

use super::lingering_close::LingeringClose;
use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Bytes that the kernel may hold unsent. Without this limit it would take megabytes for a stalled
/// client before a write blocks.
const UNSENT_MAX: u32 = 16 << 10;

/// How long a client may read nothing of an HTTP response before the connection is given up. The
/// kernel accepts more once it has sent about [`UNSENT_MAX`], which takes 40 s at 400 bytes a second.
const STALL: Duration = Duration::from_secs(45);

/// An accepted connection, configured for small frames. hyper speaks HTTP over it; after the upgrade
/// it comes back by `Upgraded::downcast`.
#[derive(Debug)]
pub struct Stream {
    tcp: TcpStream,
    /// Runs while the kernel accepts nothing more of an HTTP response.
    stall: Option<Pin<Box<Sleep>>>,
    /// Set once HTTP has shut down its side.
    lingering_close: Option<Box<LingeringClose>>,
}

impl Stream {
    /// Sets the TCP options.
    ///
    /// # Errors
    /// If the kernel refuses one; usually the peer is gone.
    pub fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        socket2::SockRef::from(&tcp).set_tcp_notsent_lowat(UNSENT_MAX)?;
        Ok(Self {
            tcp,
            stall: None,
            lingering_close: None,
        })
    }

    /// Reads what the kernel has; fails with `WouldBlock` if that is nothing.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.try_read(buffer)
    }

    /// Writes what the kernel accepts; fails with `WouldBlock` if that is nothing.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.try_write(bytes)
    }

    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.tcp.readable().await
    }

    pub(crate) async fn writable(&self) -> io::Result<()> {
        self.tcp.writable().await
    }

    /// Returns ready when there may be something to read. One task waits at a time; the waiting future
    /// holds no state.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_read_ready(cx)
    }

    /// Returns ready when the kernel may accept more. One task waits at a time; the waiting future holds
    /// no state.
    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_write_ready(cx)
    }

    /// Passes the result of a write on, or fails if the peer has read nothing for [`STALL`].
    fn fail_if_stalled(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stall.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Shuts down the write side.
    pub(crate) fn shutdown_write(&self) {
        // Fails only if the peer is already gone.
        let _ = socket2::SockRef::from(&self.tcp).shutdown(std::net::Shutdown::Write);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.fail_if_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.fail_if_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    /// Shuts down the write side; returns ready when closing will not lose the response.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering_close.is_none() {
            ready!(Pin::new(&mut this.tcp).poll_shutdown(cx))?;
        }
        let lingering_close = this
            .lingering_close
            .get_or_insert_with(|| Box::new(LingeringClose::begin()));
        lingering_close.poll_done(&this.tcp, cx).map(Ok)
    }
}

/// Writes `first`, then `again` without pause, from a thread of its own until the other end closes.
#[cfg(test)]
pub(crate) fn flood_from(
    mut client: std::net::TcpStream,
    first: &[u8],
    again: &[u8],
) -> std::thread::JoinHandle<()> {
    use std::io::Write as _;
    let first = first.to_vec();
    let burst = again.repeat(10_000);
    std::thread::spawn(move || {
        let mut going = client.write_all(&first);
        while going.is_ok() {
            going = client.write_all(&burst);
        }
    })
}

/// Returns a writable stream and its other end.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) async fn pair() -> (Stream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback works");
    let client = std::net::TcpStream::connect(listener.local_addr().expect("the loopback works"))
        .expect("the loopback works");
    let (server, _) = listener.accept().expect("the loopback works");
    server.set_nonblocking(true).expect("the loopback works");
    let stream = Stream::new(TcpStream::from_std(server).expect("the loopback works"))
        .expect("the loopback works");
    stream.writable().await.expect("the loopback works");
    (stream, client)
}

#[cfg(test)]
mod tests {
    use super::{STALL, pair};
    use std::io;
    use tokio::io::AsyncWriteExt as _;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_given_up() {
        let (mut stream, _client) = pair().await;
        let began = Instant::now();
        let much = vec![b'x'; 64 << 20];
        let error = stream.write_all(&much).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= STALL);
    }
}
