//! The accept loop: survives every error of the kernel, and answers the whole backlog at the end.

use bus::Backoff;
use futures_util::FutureExt as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Length of the kernel's queue of connections not yet accepted: a whole town reconnecting at once.
pub(super) const BACKLOG: u32 = 4096;
/// Connections rejected before other tasks run.
const REJECTED_PER_TURN: u32 = 64;
/// The first and the longest pause after a failure.
const WAIT_MIN: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(1);
/// After this long without a failure, accepting counts as recovered.
const RECOVERED_AFTER: Duration = Duration::from_secs(1);

/// Accepts until `stop`, then passes the rest of the backlog to `rejected` and closes the listener.
/// Neither callback may block.
pub(super) async fn run(
    listener: TcpListener,
    stop: CancellationToken,
    mut accepted: impl FnMut(TcpStream, SocketAddr),
    mut rejected: impl FnMut(TcpStream),
) {
    let mut backoff = AcceptBackoff::default();
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            next = listener.accept() => next,
        };
        match next {
            Ok((stream, peer)) => {
                backoff.succeeded();
                accepted(stream, peer);
            }
            Err(error) if is_peer_error(&error) => {}
            Err(error) => {
                let wait = backoff.failed(&error);
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
    reject_backlog(&listener, &mut rejected).await;
}

/// Rejects the backlog, at most its size, since others may go on connecting.
async fn reject_backlog(listener: &TcpListener, rejected: &mut impl FnMut(TcpStream)) {
    for count in 1..=BACKLOG {
        // tokio's cooperative budget would end this before the backlog is empty.
        let next = tokio::task::coop::unconstrained(listener.accept());
        let Some(Ok((stream, _))) = next.now_or_never() else {
            return;
        };
        rejected(stream);
        if count % REJECTED_PER_TURN == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Returns whether the peer was gone before its connection was accepted.
pub(super) fn is_peer_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// A period in which connections cannot be accepted, most likely for lack of file descriptors. Logged
/// once when it begins, and once when it has been over for a while.
struct AcceptBackoff {
    backoff: Backoff,
    last: Option<Instant>,
}

impl Default for AcceptBackoff {
    fn default() -> Self {
        Self {
            backoff: Backoff::between(WAIT_MIN, WAIT_MAX),
            last: None,
        }
    }
}

impl AcceptBackoff {
    /// Notes a failure; returns the pause before the next attempt.
    fn failed(&mut self, error: &io::Error) -> Duration {
        if self.last.replace(Instant::now()).is_none() {
            tracing::error!(%error, "cannot accept connections; retrying");
        }
        self.backoff.pause()
    }

    /// Notes a success.
    fn succeeded(&mut self) {
        self.backoff.reset();
        if self
            .last
            .is_some_and(|last| last.elapsed() >= RECOVERED_AFTER)
        {
            self.last = None;
            tracing::info!("accepting connections again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpSocket;

    #[tokio::test(start_paused = true)]
    async fn the_pause_grows_to_a_second_and_starts_over() {
        let mut backoff = AcceptBackoff::default();
        let full = io::Error::from_raw_os_error(24);
        for longest in [20, 40, 80, 160, 320, 640, 1000, 1000] {
            let wait = backoff.failed(&full).as_millis();
            assert!(
                (longest / 2..=longest).contains(&wait),
                "{wait} of {longest}"
            );
        }
        backoff.succeeded();
        assert!(backoff.failed(&full) <= WAIT_MIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_lasts_until_there_was_none_for_a_while() {
        let mut backoff = AcceptBackoff::default();
        backoff.failed(&io::Error::from_raw_os_error(24));
        backoff.succeeded();
        assert!(backoff.last.is_some(), "one success is not yet a recovery");
        tokio::time::advance(RECOVERED_AFTER).await;
        backoff.succeeded();
        assert!(backoff.last.is_none());
    }

    #[tokio::test]
    async fn the_backlog_is_rejected_at_the_end() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(BACKLOG).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        for _ in 0..200 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        let stop = CancellationToken::new();
        stop.cancel();
        let (mut accepted, mut rejected) = (0, 0);
        run(listener, stop, |_, _| accepted += 1, |_| rejected += 1).await;
        assert_eq!((accepted, rejected), (0, 200));
        assert!(
            TcpStream::connect(address).await.is_err(),
            "nobody listens any more"
        );
        drop(waiting);
    }
}
