//! The accept loop: goes on whatever the kernel says, and leaves nobody in the backlog unanswered.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The first wait after a failure; it doubles up to [`WAIT_MAX`].
const WAIT_MIN: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Accepts until `stop`, then hands what is left in the backlog to `turned_away` and closes the
/// listener. Neither callback may wait.
pub(super) async fn run(
    listener: TcpListener,
    stop: CancellationToken,
    mut accepted: impl FnMut(TcpStream, SocketAddr),
    mut turned_away: impl FnMut(TcpStream),
) {
    let mut trouble = Trouble::default();
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            next = listener.accept() => next,
        };
        match next {
            Ok((stream, peer)) => {
                trouble.over();
                accepted(stream, peer);
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                let wait = trouble.again(&error);
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
    while let Some(Ok((stream, _))) = futures_util::FutureExt::now_or_never(listener.accept()) {
        turned_away(stream);
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

/// A spell in which nothing can be accepted, most likely for want of file descriptors: said once
/// when it begins and once when it is over.
#[derive(Default)]
struct Trouble {
    wait: Option<Duration>,
}

impl Trouble {
    fn again(&mut self, error: &io::Error) -> Duration {
        let wait = match self.wait {
            Some(wait) => (wait * 2).min(WAIT_MAX),
            None => {
                tracing::error!(%error, "cannot accept connections; waiting for it to pass");
                WAIT_MIN
            }
        };
        self.wait = Some(wait);
        wait
    }

    fn over(&mut self) {
        if self.wait.take().is_some() {
            tracing::info!("accepting connections again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_to_a_second_and_begins_anew() {
        let mut trouble = Trouble::default();
        let full = io::Error::from_raw_os_error(24);
        let waits: Vec<_> = (0..8).map(|_| trouble.again(&full).as_millis()).collect();
        assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1000, 1000]);
        trouble.over();
        assert_eq!(trouble.again(&full), WAIT_MIN);
    }

    #[tokio::test]
    async fn who_waits_in_the_backlog_at_the_end_is_turned_away() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = TcpStream::connect(address).await.unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        let (mut accepted, mut turned_away) = (0, 0);
        run(listener, stop, |_, _| accepted += 1, |_| turned_away += 1).await;
        assert_eq!((accepted, turned_away), (0, 1));
        assert!(
            TcpStream::connect(address).await.is_err(),
            "nobody listens any more"
        );
        drop(waiting);
    }
}
