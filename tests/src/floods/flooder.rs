//! A stranger who writes without pause, or hardly at all: a thread with blocking sockets, which has
//! nothing else to do.

use super::kinds::{Door, Flood, Pace};
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

/// Bytes handed to the kernel at once.
const BURST: usize = 64 << 10;
/// Between two drops of a drip; also how soon a blocked stranger looks up.
const DROP: Duration = Duration::from_millis(100);

/// Strangers at work, until they are stopped.
pub(super) struct Flooders {
    stop: Arc<AtomicBool>,
    thrown_out: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Vec<Stay>>>,
}

/// One connection of a stranger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    pub(super) lasted: Duration,
    /// The server ended it.
    pub(super) was_ended: bool,
}

impl Flooders {
    /// So many of a kind; each comes back as soon as it is gone, if it is to.
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
                            // It is stopping, or full.
                            Err(_) => std::thread::sleep(DROP / 10),
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

    /// How often one was thrown out.
    pub(super) fn thrown_out(&self) -> usize {
        self.thrown_out.load(Ordering::Relaxed)
    }

    /// Waits for the strangers to leave; their stays.
    pub(super) async fn stop(self) -> Vec<Stay> {
        self.stop.store(true, Ordering::Relaxed);
        let joining = move || {
            let stays = self.threads.into_iter().map(JoinHandle::join);
            stays
                .flat_map(|stays| stays.expect("a stranger does not panic"))
                .collect()
        };
        let joined = tokio::task::spawn_blocking(joining).await;
        joined.expect("nobody cancels the joining")
    }
}

/// The strangers share a core with the people, whose times are taken.
fn yield_to_people() {
    let Ok(own) = std::fs::read_link("/proc/thread-self") else {
        return;
    };
    let Some(thread) = own.file_name() else {
        return;
    };
    let mut renice = Command::new("renice");
    let renice = renice.args(["-n", "5", "-p"]).arg(thread);
    // Without it the times are worse than they are.
    let _ = renice.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Connects, floods, and leaves when it is thrown out or `stop` is set.
fn stay(flood: &Flood, address: SocketAddr, stop: &AtomicBool) -> io::Result<Stay> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(DROP))?;
    stream.set_write_timeout(Some(DROP))?;
    if flood.door == Door::Socket {
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

/// Writes whatever the kernel takes and reads nothing; an error is the end.
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

/// Writes a byte now and then, and reads what comes; an error is the end.
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

/// Nothing came, or the kernel took nothing, for a moment.
fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
