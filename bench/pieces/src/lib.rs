//! What the hot pieces of the server cost, each alone, seen through the crates' public faces.
//!
//! A [`Piece`] does the same work at every call, on fixed input. One list serves two measures:
//! `cargo bench --package pieces` takes the time of each, `just bench-check` counts the instructions
//! and compares them with `baseline.toml`. Counting leaves out what the kernel does.

mod bus_events;
mod commands;
mod deliveries;
mod frames;
mod inserts;
mod stage;
mod store;

use std::fmt;
use tokio::runtime::Runtime;

/// One thing whose cost is known.
pub struct Piece {
    /// What is done: the name in the baseline.
    pub name: &'static str,
    /// What the cost is divided by.
    pub unit: &'static str,
    /// How many of them one round does.
    pub units: u64,
    /// Whether two counts of the same code are the same within a per cent.
    pub steady: bool,
    prepare: fn() -> Box<dyn Round>,
}

/// A piece that is ready to be measured.
pub trait Round {
    /// Makes the input of one more round, which is not measured.
    fn lay_out(&mut self) {}

    /// Does it once, with the oldest input laid out.
    fn run(&mut self);
}

impl Piece {
    /// Everything it needs: servers, sockets, databases.
    #[must_use]
    pub fn prepare(&self) -> Box<dyn Round> {
        (self.prepare)()
    }

    /// How many rounds even out what differs from one to the next.
    #[must_use]
    pub fn rounds(&self) -> u64 {
        (UNITS_MIN / self.units).max(1)
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PIECES.iter().find(|piece| piece.name == name)
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Units that are counted at least.
const UNITS_MIN: u64 = 4_096;

/// All of them.
pub const PIECES: &[Piece] = &[
    bus_events::BURST_TO_ONE,
    bus_events::BURST_TO_SIX,
    bus_events::BURST_TO_TEN,
    bus_events::SINGLY_TO_ONE,
    bus_events::SINGLY_TO_SIX,
    bus_events::SINGLY_TO_TEN,
    frames::SEND,
    frames::HELLO,
    commands::PING,
    deliveries::ENCODE,
    deliveries::ROOM_OF_50,
    deliveries::HUNDRED_ROOMS,
    inserts::BATCH_OF_64,
    inserts::BATCH_OF_256,
];

/// Everything on one thread, in the same order each time.
fn one_thread() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

#[cfg(test)]
mod tests {
    use super::PIECES;

    #[test]
    fn every_piece_can_be_measured() {
        for piece in PIECES {
            let mut round = piece.prepare();
            round.lay_out();
            round.run();
        }
    }
}
