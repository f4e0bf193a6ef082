//! A pipe within the process in the place of a TCP connection: two bounded buffers of bytes.
//!
//! Its server end behaves like a non-blocking socket. Its client end belongs to a [`crate::LocalConnection`].

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Bytes that one direction holds before a writer has to wait: as many as the kernel holds unsent.
const CAPACITY: usize = 16 << 10;
/// The capacity that an empty buffer keeps.
const CAPACITY_KEPT: usize = 1 << 10;

/// Returns the two ends of a new pipe.
pub(crate) fn pipe() -> (ServerEnd, ClientEnd) {
    let pipe = Arc::new(Pipe::default());
    (ServerEnd(Arc::clone(&pipe)), ClientEnd(pipe))
}

#[derive(Default)]
struct Pipe {
    to_server: Direction,
    to_client: Direction,
}

impl Pipe {
    fn close(&self) {
        self.to_server.close();
        self.to_client.close();
    }
}

/// The end of the connection's task; closes the pipe when dropped.
pub(crate) struct ServerEnd(Arc<Pipe>);

impl ServerEnd {
    /// Reads what there is; fails with `WouldBlock` if that is nothing.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.to_server.read(buffer)
    }

    /// Writes what there is room for; fails with `WouldBlock` if that is nothing.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.to_client.write(bytes)
    }

    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.to_server.poll_readable(cx)
    }

    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.to_client.poll_writable(cx)
    }

    /// Ends what the client reads, after what is written.
    pub(super) fn shutdown_write(&self) {
        self.0.to_client.close();
    }
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The end of the client; closes the pipe when dropped.
pub(crate) struct ClientEnd(Arc<Pipe>);

impl ClientEnd {
    /// Reads what there is; fails with `WouldBlock` if that is nothing.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.to_client.read(buffer)
    }

    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.to_client.poll_readable(cx)
    }

    /// Returns a handle that writes, and does not keep the pipe open.
    pub(crate) fn writer(&self) -> ClientWriter {
        ClientWriter(Arc::clone(&self.0))
    }
}

impl Drop for ClientEnd {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Writes whole frames of the client.
pub(crate) struct ClientWriter(Arc<Pipe>);

impl ClientWriter {
    /// Writes a frame as soon as the server has read enough; fails if the pipe is closed. One task waits at
    /// a time.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>> {
        self.0.to_server.poll_append(cx, frame)
    }

    /// Writes a short frame that must not wait, at most one for each frame of the server.
    pub(crate) fn write_now(&self, frame: &[u8]) -> io::Result<()> {
        self.0.to_server.append(frame)
    }
}

/// The bytes on their way in one direction.
#[derive(Default)]
struct Direction(Mutex<DirectionState>);

#[derive(Default)]
struct DirectionState {
    bytes: VecDeque<u8>,
    closed: bool,
    /// Waits for bytes.
    reader: Option<Waker>,
    /// Waits for room.
    writer: Option<Waker>,
}

impl Direction {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.bytes.is_empty() {
            return if state.closed {
                Ok(0)
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            };
        }
        let count = io::Read::read(&mut state.bytes, buffer)?;
        if state.bytes.is_empty() && state.bytes.capacity() > CAPACITY_KEPT {
            state.bytes = VecDeque::new();
        }
        let writer = state.writer.take();
        drop(state);
        wake(writer);
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = state.room().min(bytes.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.bytes.extend(&bytes[..count]);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Ok(count)
    }

    /// Appends all bytes, whether or not there is room.
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.bytes.extend(bytes);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Ok(())
    }

    /// Appends all bytes once there is some room, so that a frame stays in one piece.
    fn poll_append(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<()>> {
        match self.poll_writable(cx) {
            Poll::Ready(()) => Poll::Ready(self.append(bytes)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if state.closed || !state.bytes.is_empty() {
            return Poll::Ready(());
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if state.closed || state.room() > 0 {
            return Poll::Ready(());
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ends the direction: what is on its way can still be read, and nothing more is written.
    fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        let waiting = [state.reader.take(), state.writer.take()];
        drop(state);
        waiting.into_iter().for_each(wake);
    }
}

impl DirectionState {
    fn room(&self) -> usize {
        CAPACITY.saturating_sub(self.bytes.len())
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, pipe};
    use futures_util::FutureExt as _;
    use std::future::poll_fn;
    use std::io::ErrorKind;

    #[test]
    fn what_one_end_writes_the_other_reads() {
        let (server, client) = pipe();
        let mut buffer = [0; 8];
        let nothing = client.try_read(&mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        assert_eq!(server.try_write(b"to client").unwrap(), 9);
        assert_eq!(client.try_read(&mut buffer).unwrap(), 8);
        assert_eq!(&buffer, b"to clien");
        client.writer().write_now(b"to server").unwrap();
        assert_eq!(server.try_read(&mut buffer).unwrap(), 8);
        assert_eq!(&buffer, b"to serve");
    }

    #[tokio::test]
    async fn a_writer_waits_for_the_reader() {
        let (server, client) = pipe();
        let much = vec![b'x'; 2 * CAPACITY];
        assert_eq!(server.try_write(&much).unwrap(), CAPACITY);
        let full = server.try_write(&much).unwrap_err();
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        let writable = poll_fn(|cx| server.poll_writable(cx));
        let reading = async {
            tokio::task::yield_now().await;
            client.try_read(&mut [0; 10]).unwrap()
        };
        let ((), read) = tokio::join!(writable, reading);
        assert_eq!(read, 10);
        assert_eq!(server.try_write(&much).unwrap(), 10);
    }

    #[test]
    fn a_frame_of_the_client_stays_in_one_piece() {
        let (server, client) = pipe();
        let writer = client.writer();
        let write = |frame: &[u8]| poll_fn(|cx| writer.poll_write(cx, frame)).now_or_never();
        assert!(write(&[b'x'; CAPACITY - 1]).unwrap().is_ok());
        assert!(write(&[b'y'; CAPACITY]).unwrap().is_ok());
        assert!(write(b"z").is_none(), "no room is left");
        let mut buffer = vec![0; 3 * CAPACITY];
        let read = server.try_read(&mut buffer).unwrap();
        assert!(read > 0 && buffer[0] == b'x');
    }

    #[tokio::test]
    async fn an_end_that_is_dropped_ends_the_other() {
        let (server, client) = pipe();
        server.try_write(b"last").unwrap();
        let writer = client.writer();
        drop(server);
        let mut buffer = [0; 8];
        assert_eq!(client.try_read(&mut buffer).unwrap(), 4);
        assert_eq!(client.try_read(&mut buffer).unwrap(), 0);
        let gone = writer.write_now(b"x").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::BrokenPipe);

        let (server, client) = pipe();
        let ended = async { poll_fn(|cx| server.poll_readable(cx)).await };
        let dropping = async { drop(client) };
        tokio::join!(ended, dropping);
        assert_eq!(server.try_read(&mut buffer).unwrap(), 0);
        let gone = server.try_write(b"x").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::BrokenPipe);
    }
}
