//! The accept loop: goes on whatever the kernel says, and leaves nobody in the backlog unanswered.

use futures_util::FutureExt as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Length of the kernel's queue of connections not yet accepted: a whole town reconnecting at once.
pub(super) const BACKLOG: u32 = 4096;
/// Connections turned away before others get their turn.
const TURN: u32 = 64;
/// The first wait after a failure; it doubles up to [`WAIT_MAX`].
const WAIT_MIN: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(1);
/// After this long without a failure it has passed.
const CALM: Duration = Duration::from_secs(1);

/// Accepts until `stop`, then hands what is left in the backlog to `turned_away` and closes the
/// listener. Neither callback may wait.
pub(super) async fn run(
    listener: TcpListener,
    stop: CancellationToken,
    mut accepted: impl FnMut(TcpStream, SocketAddr),
    mut turned_away: impl FnMut(TcpStream),
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
                backoff.over();
                accepted(stream, peer);
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                let wait = backoff.again(&error);
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
    reject_backlog(&listener, &mut turned_away).await;
}

/// Empties the backlog: no more than it can hold, for others may go on connecting.
async fn reject_backlog(listener: &TcpListener, turned_away: &mut impl FnMut(TcpStream)) {
    for count in 1..=BACKLOG {
        // tokio's own budget would end this long before the backlog is empty.
        let next = tokio::task::coop::unconstrained(listener.accept());
        let Some(Ok((stream, _))) = next.now_or_never() else {
            return;
        };
        turned_away(stream);
        if count % TURN == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// A connection that was gone before it was accepted.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// A spell in which connections cannot be accepted, most likely for want of file descriptors: said
/// once when it begins, and once when it has been over for a while.
#[derive(Default)]
struct AcceptBackoff {
    wait: Option<Duration>,
    last: Option<Instant>,
}

impl AcceptBackoff {
    /// It failed: how long to wait before the next try.
    fn again(&mut self, error: &io::Error) -> Duration {
        if self.last.replace(Instant::now()).is_none() {
            tracing::error!(%error, "cannot accept connections; waiting for it to pass");
        }
        let wait = self.wait.map_or(WAIT_MIN, |wait| (wait * 2).min(WAIT_MAX));
        self.wait = Some(wait);
        wait
    }

    /// It went well.
    fn over(&mut self) {
        self.wait = None;
        if self.last.is_some_and(|last| last.elapsed() >= CALM) {
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
    async fn waiting_grows_to_a_second_and_begins_anew() {
        let mut backoff = AcceptBackoff::default();
        let full = io::Error::from_raw_os_error(24);
        let waits: Vec<_> = (0..8).map(|_| backoff.again(&full).as_millis()).collect();
        assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1000, 1000]);
        backoff.over();
        assert_eq!(backoff.again(&full), WAIT_MIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spell_goes_on_until_it_has_been_calm() {
        let mut backoff = AcceptBackoff::default();
        backoff.again(&io::Error::from_raw_os_error(24));
        backoff.over();
        assert!(backoff.last.is_some(), "one success is not yet the end");
        tokio::time::advance(CALM).await;
        backoff.over();
        assert!(backoff.last.is_none());
    }

    #[tokio::test]
    async fn who_waits_in_the_backlog_at_the_end_is_turned_away() {
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
        let (mut accepted, mut turned_away) = (0, 0);
        run(listener, stop, |_, _| accepted += 1, |_| turned_away += 1).await;
        assert_eq!((accepted, turned_away), (0, 200));
        assert!(
            TcpStream::connect(address).await.is_err(),
            "nobody listens any more"
        );
        drop(waiting);
    }
}
