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
#[derive(Clone, Copy)]
enum RequestPhase {
    /// For the first byte of the next request.
    Idle,
    /// For the rest of a request's head.
    Head,
    /// For the response.
    Response,
    /// For the client to take the response, which [`Stream`] limits. Meanwhile the client may begin to
    /// send its next request; `ahead` counts those bytes.
    Writing { ahead: usize },
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
    /// When the phase is over; meaningless while a response is prepared or written.
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
        self.state.lock().phase = RequestPhase::Writing { ahead: 0 };
    }

    /// Each received byte extends the deadline of a head.
    fn received(&self, bytes: usize) {
        let mut state = self.state.lock();
        match &mut state.phase {
            RequestPhase::Idle => state.begin_head(self.head_within, bytes),
            RequestPhase::Head => state.by += time_of(bytes),
            RequestPhase::Writing { ahead } => *ahead += bytes,
            RequestPhase::Response => {}
        }
    }

    /// Notes that all there was to write is written.
    fn flushed(&self) {
        let mut state = self.state.lock();
        match state.phase {
            RequestPhase::Writing { ahead: 0 } => {
                state.phase = RequestPhase::Idle;
                state.by = Instant::now() + self.keep_alive;
            }
            RequestPhase::Writing { ahead } => state.begin_head(self.head_within, ahead),
            RequestPhase::Idle | RequestPhase::Head | RequestPhase::Response => {}
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
                    RequestPhase::Response | RequestPhase::Writing { .. } => return Poll::Pending,
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

impl ClockState {
    /// Begins the head of a request whose first bytes have come.
    fn begin_head(&mut self, within: Duration, bytes: usize) {
        self.phase = RequestPhase::Head;
        self.by = Instant::now() + within + time_of(bytes);
    }
}

/// Returns the time that so many bytes of a head may take.
fn time_of(bytes: usize) -> Duration {
    on_a_slow_line(u32::try_from(bytes).unwrap_or(u32::MAX))
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
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // hyper calls this once it has written all it has.
        self.clock.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
