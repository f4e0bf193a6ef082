//! Closes an HTTP connection so that the response arrives although the client is still sending.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How long unread bytes are read and discarded: closing with unread bytes would reset the connection
/// and lose the response.
const LINGER: Duration = Duration::from_millis(500);
/// Most bytes that are discarded. A client that sends more waits until [`LINGER`] is over.
const READ_MAX: usize = 256 << 10;
/// Bytes discarded per read.
const AT_ONCE: usize = 4 << 10;
/// Reads before other tasks run.
const READS_PER_TURN: usize = 4;

/// Reads and discards after the last response, until the client closes or [`LINGER`] is over.
#[derive(Debug)]
pub(super) struct LingeringClose {
    left: usize,
    timer: Pin<Box<Sleep>>,
}

impl LingeringClose {
    pub(super) fn begin() -> Self {
        Self {
            left: READ_MAX,
            timer: Box::pin(sleep(LINGER)),
        }
    }

    /// Returns ready when the connection may be closed.
    pub(super) fn poll_done(&mut self, tcp: &TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        if self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        for _ in 0..READS_PER_TURN {
            if self.left == 0 {
                return Poll::Pending;
            }
            let mut buffer = [0; AT_ONCE];
            match tcp.try_read(&mut buffer) {
                Ok(0) => return Poll::Ready(()),
                Ok(count) => self.left = self.left.saturating_sub(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match tcp.poll_read_ready(cx) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(_)) => return Poll::Ready(()),
                        Poll::Pending => return Poll::Pending,
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::{LINGER, READ_MAX};
    use crate::connection::{flood_from, pair};
    use std::io::{Read as _, Write as _};
    use std::time::Duration;
    use tokio::io::AsyncWriteExt as _;
    use tokio::time::Instant;

    #[tokio::test]
    async fn it_ends_in_time_although_a_thread_writes_without_pause() {
        let (mut stream, client) = pair().await;
        let flood = flood_from(client, &[], b"x");
        let began = Instant::now();
        stream.shutdown().await.unwrap();
        let took = began.elapsed();
        assert!(took >= LINGER, "{took:?}");
        assert!(took < LINGER + Duration::from_secs(5), "{took:?}");
        drop(stream);
        flood.join().unwrap();
    }

    #[tokio::test]
    async fn the_response_arrives_although_the_request_is_still_coming() {
        let (mut stream, mut client) = pair().await;
        let reading = std::thread::spawn(move || {
            client.write_all(&vec![b'x'; READ_MAX / 2]).unwrap();
            let mut response = String::new();
            client.read_to_string(&mut response).map(|_| response)
        });
        stream.write_all(b"413").await.unwrap();
        stream.shutdown().await.unwrap();
        drop(stream);
        assert_eq!(reading.join().unwrap().unwrap(), "413");
    }

    #[tokio::test]
    async fn a_client_that_has_closed_is_not_waited_for() {
        let (mut stream, client) = pair().await;
        drop(client);
        let began = Instant::now();
        let _ = stream.shutdown().await;
        assert!(began.elapsed() < LINGER, "{:?}", began.elapsed());
    }
}
