//! The stream below a mount's WebSocket: it knows when the client was last heard, and charges for what the
//! decoder above does not show.

use crate::Limits;
use crate::connection::Stream;
use crate::rate_limit::{Bucket, Cost};
use crate::socket::{FloodDetector, Scanner};
use bytes::Bytes;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// A stream and the charges of its client.
pub(super) struct WatchedStream {
    stream: Stream,
    last_read: Instant,
    scanner: Scanner,
    /// That of the connection and its network: the gateway does not know who the client is.
    bucket: Arc<Bucket>,
    limits: Limits,
    flood: FloodDetector,
    is_flooding: bool,
}

impl WatchedStream {
    /// `read_ahead` was read from the stream before.
    pub(super) fn new(
        stream: Stream,
        read_ahead: &Bytes,
        bucket: Arc<Bucket>,
        limits: &Limits,
    ) -> Self {
        let mut watched = Self {
            stream,
            last_read: Instant::now(),
            scanner: Scanner::default(),
            bucket,
            limits: limits.clone(),
            flood: FloodDetector::default(),
            is_flooding: false,
        };
        watched.read(read_ahead);
        watched
    }

    /// Returns when the client was last heard.
    pub(super) fn last_read(&self) -> Instant {
        self.last_read
    }

    /// Returns the deadline of the unfinished message; every received byte extends it.
    pub(super) fn complete_by(&self, limits: &Limits) -> Option<Instant> {
        let (since, received) = self.scanner.unfinished()?;
        Some(since + limits.message_time(received))
    }

    /// Returns whether the client has gone on although it is rate limited.
    pub(super) fn is_flooding(&self) -> bool {
        self.is_flooding
    }

    /// Charges a control frame or a small fragment.
    pub(super) fn charge(&mut self) {
        if self.bucket.charge(Cost::Other, &self.limits).is_err() {
            let max = self.limits.refusals_max;
            self.is_flooding |= self.flood.record(Instant::now(), max);
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.last_read = Instant::now();
        self.scanner.scan(bytes, self.last_read);
        for _ in 0..self.scanner.take_small_pieces() {
            self.charge();
        }
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The decoder reads on until a message is complete: only an error ends an endless one.
        if self.is_flooding {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
