//! Threads that help the hub write to the sockets of a large turn.
//!
//! The hub stays the only one that decides what is sent: it queues all frames of a turn, cuts the
//! touched sockets into pieces and takes the next turn when every piece is written. So no socket is
//! ever in two turns, and the order on each is the hub's. It takes pieces itself until none is left,
//! so it waits for nobody who has not begun: a thread that gets no processor costs nothing. The
//! helpers are threads and no tasks because the runtime would run a task that the hub wakes on the
//! hub's own thread, after its turn.

use super::conn::Conn;
use parking_lot::{Condvar, Mutex};
use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Sockets for which the hub wakes no helper: waking a thread costs more than a few writes.
const ALONE: usize = 64;
/// Sockets of one piece: small enough that all end at about the same time.
const PIECE: usize = 16;
/// Looks at a piece that another thread is writing before the hub offers it the processor.
const SPINS: u32 = 1_000;

/// The helping threads. Dropping it ends them.
#[derive(Default)]
pub(crate) struct FanoutWriters {
    pool: Arc<Pool>,
    helpers: usize,
}

#[derive(Default)]
struct Pool {
    work: Mutex<Work>,
    arrived: Condvar,
}

#[derive(Default)]
struct Work {
    turn: Option<Arc<LargeTurn>>,
    /// Helpers that may still join the turn.
    places: usize,
    closed: bool,
}

/// The sockets of one turn; exactly one thread writes to each.
struct LargeTurn {
    sockets: Vec<Arc<Conn>>,
    /// The first socket of the next piece.
    next: AtomicUsize,
    /// Sockets whose piece has been written.
    done: AtomicUsize,
}

impl FanoutWriters {
    /// Starts the threads, so that `writers` write at once, the hub being one of them.
    pub(crate) fn start(writers: usize) -> Self {
        let mut started = Self::default();
        for _ in 1..writers {
            let pool = Arc::clone(&started.pool);
            let thread = thread::Builder::new().name("fanout".to_owned());
            match thread.spawn(move || pool.help()) {
                Ok(_) => started.helpers += 1,
                Err(error) => {
                    tracing::warn!(%error, "cannot start a thread that writes to sockets; fewer do");
                    break;
                }
            }
        }
        started
    }

    /// Writes what is queued to each of these sockets; returns when all are written. Returns whether
    /// other threads were called to help.
    pub(crate) fn flush(&self, sockets: &mut Vec<Arc<Conn>>) -> bool {
        let places = (sockets.len() / ALONE).min(self.helpers);
        if places == 0 {
            for conn in sockets.drain(..) {
                conn.flush();
            }
            return false;
        }
        let turn = Arc::new(LargeTurn::new(std::mem::take(sockets)));
        self.pool.offer(&turn, places);
        turn.write();
        turn.wait();
        // A later turn must not keep the sockets of this one.
        self.pool.work.lock().turn = None;
        true
    }
}

impl Drop for FanoutWriters {
    fn drop(&mut self) {
        self.pool.work.lock().closed = true;
        self.pool.arrived.notify_all();
    }
}

impl Pool {
    fn offer(&self, turn: &Arc<LargeTurn>, places: usize) {
        let mut work = self.work.lock();
        work.turn = Some(Arc::clone(turn));
        work.places = places;
        drop(work);
        for _ in 0..places {
            self.arrived.notify_one();
        }
    }

    /// Helps with every turn until the pool is closed.
    fn help(&self) {
        while let Some(turn) = self.next_turn() {
            turn.write();
        }
    }

    fn next_turn(&self) -> Option<Arc<LargeTurn>> {
        let mut work = self.work.lock();
        loop {
            if work.closed {
                return None;
            }
            if work.places > 0 {
                work.places -= 1;
                if let Some(turn) = &work.turn {
                    return Some(Arc::clone(turn));
                }
            }
            self.arrived.wait(&mut work);
        }
    }
}

impl LargeTurn {
    fn new(sockets: Vec<Arc<Conn>>) -> Self {
        Self {
            sockets,
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
        }
    }

    /// Writes pieces until none is left.
    fn write(&self) {
        loop {
            let begin = self.next.fetch_add(PIECE, Ordering::Relaxed);
            let Some(rest) = self.sockets.get(begin..).filter(|rest| !rest.is_empty()) else {
                return;
            };
            let piece = &rest[..rest.len().min(PIECE)];
            let _written = Written(&self.done, piece.len());
            for conn in piece {
                conn.flush();
            }
        }
    }

    /// Waits for the pieces that others are writing. They are few, and no write waits for its client.
    fn wait(&self) {
        let mut looks = 0_u32;
        while self.done.load(Ordering::Acquire) < self.sockets.len() {
            looks = looks.saturating_add(1);
            if looks < SPINS {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

/// Counts a piece as done when it is dropped: the hub must not wait for a thread that has panicked.
struct Written<'a>(&'a AtomicUsize, usize);

impl Drop for Written<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(self.1, Ordering::Release);
    }
}
