//! Ends a connection: flushes its queue, then reads on until the client closes, so that the close code
//! arrives.
//!
//! Both have a time limit that does not depend on the client, and the bytes read are limited.

use super::task::{ConnectionTask, SocketEnd};
use crate::connection::{Close, Conn};
use std::io;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// How long a socket is read on after the server's close frame, so that the code arrives.
const LINGER: Duration = Duration::from_secs(1);
/// How long the client may take to read what is queued before the close frame.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);
/// The same for a flooding client, which should be gone soon.
const FLUSH_FLOODER_WITHIN: Duration = Duration::from_millis(500);
/// The same for a slow consumer, which first has to read all of the kernel's buffer.
const FLUSH_SLOW_WITHIN: Duration = Duration::from_secs(15);
/// Most bytes read after the server's close frame. A client that sends more waits until [`LINGER`] is
/// over: closing with unread bytes would reset the connection and lose the close code.
const READ_MAX: usize = 256 << 10;
/// Bytes discarded per read.
const DISCARD_BYTES: usize = 4 << 10;

/// The result of one turn of reading and discarding.
pub(super) enum Discarded {
    /// This many bytes were discarded.
    Bytes(usize),
    /// Nothing to read now.
    Nothing,
    /// The input is malformed and cannot be decoded any further.
    Malformed,
    /// The client has closed or is gone.
    End,
}

/// Flushes and closes as `end` demands. Without a task the client's frames are not decoded.
pub(super) async fn linger(conn: &Conn, end: SocketEnd, task: Option<&mut ConnectionTask>) {
    if end == SocketEnd::Lost {
        return;
    }
    // A client that has not read the rest by then will not read it.
    let within = match conn.egress().closing() {
        Some(Close::SLOW) => FLUSH_SLOW_WITHIN,
        Some(Close::FLOOD) => FLUSH_FLOODER_WITHIN,
        _ => FLUSH_WITHIN,
    };
    let _ = timeout(within, flush_queue(conn)).await;
    conn.stream.shutdown_write();
    if let SocketEnd::ByServer { ignore_input, .. } = end {
        let task = task.filter(|_| !ignore_input);
        read_until_closed(conn, task, Instant::now() + LINGER).await;
    }
}

async fn flush_queue(conn: &Conn) {
    loop {
        conn.write_out();
        if conn.egress().is_finished() {
            return;
        }
        // An error shows up in the next write.
        let _ = conn.stream.writable().await;
    }
}

/// Reads in turns until the client closes or the time is over.
async fn read_until_closed(conn: &Conn, mut task: Option<&mut ConnectionTask>, until: Instant) {
    let mut left = READ_MAX;
    while left > 0 && Instant::now() < until {
        let step = match &mut task {
            Some(task) => task.discard_frames(),
            None => discard(conn),
        };
        match step {
            Discarded::Bytes(count) => {
                left = left.saturating_sub(count);
                tokio::task::yield_now().await;
            }
            Discarded::Nothing => {
                let readable = timeout_at(until, conn.stream.readable()).await;
                if !matches!(readable, Ok(Ok(()))) {
                    return;
                }
            }
            Discarded::Malformed => task = None,
            Discarded::End => return,
        }
    }
    sleep_until(until).await;
}

/// Reads and discards bytes without decoding them.
fn discard(conn: &Conn) -> Discarded {
    let mut buffer = [0; DISCARD_BYTES];
    match conn.stream.try_read(&mut buffer) {
        Ok(0) => Discarded::End,
        Ok(count) => Discarded::Bytes(count),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Discarded::Nothing,
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Discarded::Bytes(0),
        Err(_) => Discarded::End,
    }
}

#[cfg(test)]
mod tests {
    use super::{FLUSH_FLOODER_WITHIN, LINGER, READ_MAX, linger};
    use crate::connection::{Close, Conn, flood_from, pair};
    use crate::socket::task::{ConnectionTask, SocketEnd};
    use crate::{Gateway, Limits};
    use bus::{Builder, Settings, Tasks};
    use bytes::Bytes;
    use sessions::api::ConnectionId;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    const OURS: SocketEnd = SocketEnd::ByServer {
        clean: false,
        ignore_input: false,
    };
    const IGNORING_INPUT: SocketEnd = SocketEnd::ByServer {
        clean: false,
        ignore_input: true,
    };
    /// Tolerance for a busy machine.
    const SLACK: Duration = Duration::from_secs(5);

    /// Closes on a client that sends this without pause; returns how long that took.
    async fn ended(end: SocketEnd, close: Close, first: &[u8], again: &[u8]) -> Duration {
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(Settings::default(), &tasks);
        let gateway = Gateway::wire(&mut builder, &tasks, Limits::default());
        let (stream, client) = pair().await;
        let conn = Arc::new(Conn::new(ConnectionId(1), stream, &Limits::default()));
        let bucket = gateway.bucket();
        let Gateway { shared, dispatcher } = gateway;
        let mut task =
            ConnectionTask::new(shared, dispatcher, Arc::clone(&conn), Bytes::new(), bucket);
        let flood = flood_from(client, first, again);
        let began = Instant::now();
        conn.close(close);
        linger(&conn, end, Some(&mut task)).await;
        let took = began.elapsed();
        drop((task, conn));
        flood.join().unwrap();
        took
    }

    #[tokio::test]
    async fn it_ends_in_time_although_a_thread_writes_without_pause() {
        let fragments = (&[0x01, 0x81, 0, 0, 0, 0, b'x'], &[0x00, 0x80, 0, 0, 0, 0]);
        let pings = &[0x89, 0x80, 0, 0, 0, 0];
        for (end, first, again) in [
            (OURS, &fragments.0[..], &fragments.1[..]),
            (OURS, &[], pings),
            (IGNORING_INPUT, &[], pings),
            (OURS, &[], b"not a frame at all"),
        ] {
            let took = ended(end, Close::FLOOD, first, again).await;
            assert!(took <= FLUSH_FLOODER_WITHIN + LINGER + SLACK, "{took:?}");
        }
    }

    #[tokio::test]
    async fn other_tasks_run_meanwhile() {
        let pings = [0x89, 0x80, 0, 0, 0, 0];
        let others = async {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            Instant::now()
        };
        let began = Instant::now();
        let (_, done) = tokio::join!(ended(OURS, Close::FLOOD, &[], &pings), others);
        assert!(done - began < SLACK, "{:?}", done - began);
    }

    #[tokio::test]
    async fn the_bytes_read_while_lingering_are_bounded() {
        use std::io::Write as _;
        let (stream, mut client) = pair().await;
        let conn = Conn::new(ConnectionId(1), stream, &Limits::default());
        client.set_nonblocking(true).unwrap();
        let fill = |client: &mut std::net::TcpStream| {
            let mut sent = 0;
            while let Ok(count) = client.write(&[0; 4096]) {
                sent += count;
            }
            sent
        };
        let before = fill(&mut client);
        assert!(before > READ_MAX, "the kernel holds more: {before}");
        conn.close(Close::FLOOD);
        linger(&conn, IGNORING_INPUT, None).await;
        let mut left = 0;
        let mut buffer = vec![0; 4096];
        while let Ok(count @ 1..) = conn.stream.try_read(&mut buffer) {
            left += count;
        }
        assert!(
            left + READ_MAX + buffer.len() >= before,
            "{left} of {before}"
        );
    }
}
