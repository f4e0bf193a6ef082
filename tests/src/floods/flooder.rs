//! A flooding client that writes without pause, or hardly at all: a thread with a blocking socket.

use super::kinds::{Endpoint, Flood, Pace};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nhost: parlor\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Bytes per write.
const BURST: usize = 64 << 10;
/// Interval between two bytes of a slow client; also how soon a blocked client notices the stop.
const DRIP_EVERY: Duration = Duration::from_millis(100);

/// Flooding clients, until they are stopped.
pub(super) struct Flooders {
    stop: Arc<AtomicBool>,
    thrown_out: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Vec<Stay>>>,
}

/// One connection of a flooding client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    pub(super) lasted: Duration,
    /// Whether the server ended it.
    pub(super) was_ended: bool,
}

impl Flooders {
    /// Starts this many clients of a kind; each reconnects after its connection has ended, if it is
    /// to.
    pub(super) fn start(flood: &'static Flood, count: usize, address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thrown_out = Arc::new(AtomicUsize::new(0));
        let threads = (0..count)
            .map(|_| {
                let (stop, thrown_out) = (Arc::clone(&stop), Arc::clone(&thrown_out));
                std::thread::spawn(move || {
                    yield_to_people();
                    let mut stays = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        match stay(flood, address, &stop) {
                            Ok(stay) => {
                                thrown_out
                                    .fetch_add(usize::from(stay.was_ended), Ordering::Relaxed);
                                stays.push(stay);
                            }
                            // The server is stopping or full.
                            Err(_) => std::thread::sleep(DRIP_EVERY / 10),
                        }
                    }
                    stays
                })
            })
            .collect();
        Self {
            stop,
            thrown_out,
            threads,
        }
    }

    /// Returns how often a client was disconnected.
    pub(super) fn thrown_out(&self) -> usize {
        self.thrown_out.load(Ordering::Relaxed)
    }

    /// Waits for the clients to leave and returns their connections.
    pub(super) async fn stop(self) -> Vec<Stay> {
        self.stop.store(true, Ordering::Relaxed);
        let joining = move || {
            let stays = self.threads.into_iter().map(JoinHandle::join);
            stays
                .flat_map(|stays| stays.expect("a stranger does not panic"))
                .collect()
        };
        let joined = tokio::task::spawn_blocking(joining).await;
        joined.expect("the task is not cancelled")
    }
}

/// Lowers the priority of this thread, which shares its core with the users whose times are
/// measured.
fn yield_to_people() {
    let Ok(own) = std::fs::read_link("/proc/thread-self") else {
        return;
    };
    let Some(thread) = own.file_name() else {
        return;
    };
    let mut renice = Command::new("renice");
    let renice = renice.args(["-n", "5", "-p"]).arg(thread);
    // If this fails, the times are merely worse.
    let _ = renice.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Connects, floods, and leaves when disconnected or when `stop` is set.
fn stay(flood: &Flood, address: SocketAddr, stop: &AtomicBool) -> io::Result<Stay> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(DRIP_EVERY))?;
    stream.set_write_timeout(Some(DRIP_EVERY))?;
    if flood.endpoint == Endpoint::Socket {
        upgrade(&mut stream)?;
    }
    let began = Instant::now();
    let ended = match flood.pace {
        Pace::Unpaused => unpaused(flood, &mut stream, stop),
        Pace::Dripped => dripped(flood, &mut stream, stop),
    };
    Ok(Stay {
        lasted: began.elapsed(),
        was_ended: ended.is_err(),
    })
}

fn upgrade(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(UPGRADE)?;
    let mut head = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => head.push(byte[0]),
            Err(error) if is_pause(&error) && Instant::now() < deadline => {}
            Err(error) => return Err(error),
        }
    }
    if head.starts_with(b"HTTP/1.1 101") {
        Ok(())
    } else {
        Err(io::Error::other("not upgraded"))
    }
}

/// Writes as fast as the kernel accepts and reads nothing, until an error.
fn unpaused(flood: &Flood, stream: &mut TcpStream, stop: &AtomicBool) -> io::Result<()> {
    let burst = flood.again.repeat(BURST / flood.again.len());
    write_on(stream, flood.opening, stop)?;
    while !stop.load(Ordering::Relaxed) {
        write_on(stream, &burst, stop)?;
    }
    Ok(())
}

fn write_on(stream: &mut TcpStream, mut bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
    while !bytes.is_empty() && !stop.load(Ordering::Relaxed) {
        match stream.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if is_pause(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a byte now and then and reads what arrives, until an error.
fn dripped(flood: &Flood, stream: &mut TcpStream, stop: &AtomicBool) -> io::Result<()> {
    stream.write_all(flood.opening)?;
    let mut drops = flood.again.iter().cycle();
    let mut scrap = [0; 1024];
    while !stop.load(Ordering::Relaxed) {
        match stream.read(&mut scrap) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if is_pause(&error) => {
                if let Some(drop) = drops.next() {
                    stream.write_all(&[*drop])?;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns whether the error only means that nothing arrived, or could be written, for a moment.
fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
