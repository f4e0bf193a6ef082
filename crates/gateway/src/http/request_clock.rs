//! The time limits of one HTTP connection between its requests.
//!
//! A proxy keeps connections open and sends its next request on any of them. If the server closed one
//! at that moment, the proxy would answer 502. So an idle connection stays open for longer than proxies
//! keep theirs, while the head of a request has its own, short time limit.

use crate::Settings;
use crate::connection::Stream;
use crate::limits::on_a_slow_line;
use parking_lot::Mutex;
use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What a connection is waiting for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RequestPhase {
    /// For the first byte of the next request.
    Idle,
    /// For the rest of a request's head.
    Head,
    /// For the response.
    Response,
}

/// Which limit a connection has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    /// No request began.
    Idle,
    /// The head of a request is incomplete.
    Head,
}

/// The clock of one connection. A cheap handle.
#[derive(Clone)]
pub(super) struct RequestClock {
    state: Arc<Mutex<ClockState>>,
    keep_alive: Duration,
    head_within: Duration,
}

struct ClockState {
    phase: RequestPhase,
    /// When the phase is over; meaningless while a response is prepared.
    by: Instant,
}

impl RequestClock {
    /// Starts with a connection just accepted; a proxy may open one long before it has a request.
    pub(super) fn new(settings: &Settings, is_proxy: bool) -> Self {
        let (phase, first) = if is_proxy {
            (RequestPhase::Idle, settings.keep_alive)
        } else {
            (RequestPhase::Head, settings.header_timeout)
        };
        Self {
            state: Arc::new(Mutex::new(ClockState {
                phase,
                by: Instant::now() + first,
            })),
            keep_alive: settings.keep_alive,
            head_within: settings.header_timeout,
        }
    }

    /// Notes that a whole head has come.
    pub(super) fn requested(&self) {
        self.state.lock().phase = RequestPhase::Response;
    }

    /// Notes that the response is ready to be sent.
    pub(super) fn answered(&self) {
        let mut state = self.state.lock();
        state.by = Instant::now() + self.keep_alive;
        state.phase = RequestPhase::Idle;
    }

    /// A head that comes slowly has the time that its bytes take.
    fn received(&self, bytes: usize) {
        let mut state = self.state.lock();
        if state.phase == RequestPhase::Idle {
            state.phase = RequestPhase::Head;
            state.by = Instant::now() + self.head_within;
        }
        if state.phase == RequestPhase::Head {
            state.by += on_a_slow_line(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    /// A connection is idle from the last byte of its response on.
    fn written(&self) {
        let mut state = self.state.lock();
        if state.phase == RequestPhase::Idle {
            state.by = Instant::now() + self.keep_alive;
        }
    }

    /// Returns ready when a limit has passed. Poll it after the connection, which moves the clock.
    pub(super) fn poll_expired(
        &self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Expired> {
        loop {
            let (by, expired) = {
                let state = self.state.lock();
                match state.phase {
                    RequestPhase::Idle => (state.by, Expired::Idle),
                    RequestPhase::Head => (state.by, Expired::Head),
                    RequestPhase::Response => return Poll::Pending,
                }
            };
            // A later deadline waits until the timer fires: requests come more often than that.
            if by < timer.deadline() {
                timer.as_mut().reset(by);
            }
            ready!(timer.as_mut().poll(cx));
            if by <= Instant::now() {
                return Poll::Ready(expired);
            }
            timer.as_mut().reset(by);
        }
    }
}

/// A stream whose bytes move the clock.
pub(super) struct ClockedStream {
    stream: Stream,
    clock: RequestClock,
}

impl ClockedStream {
    pub(super) fn new(stream: Stream, clock: RequestClock) -> Self {
        Self { stream, clock }
    }

    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    fn note_written(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(1..)) = written {
            self.clock.written();
        }
    }
}

impl AsyncRead for ClockedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let bytes = buffer.filled().len() - before;
        if bytes > 0 {
            self.clock.received(bytes);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClockedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_written(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_written(&written);
        written
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
