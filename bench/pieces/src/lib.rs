//! Benchmarks of the hot pieces of the server, each alone, through the crates' public APIs.
//!
//! A [`Piece`] does the same work on fixed input in every round. One list serves two measurements:
//! `cargo bench --package pieces` times each piece, `just bench-check` counts its instructions and
//! compares them with `baseline.toml`. The counts exclude the kernel.

mod bus_events;
mod commands;
mod deliveries;
mod frames;
mod gateway_fixture;
mod inserts;
mod store;

use std::fmt;
use tokio::runtime::Runtime;

/// One benchmark.
pub struct Piece {
    /// Its name in the baseline.
    pub name: &'static str,
    /// The unit that the cost is divided by, such as "event".
    pub unit: &'static str,
    /// Units per round.
    pub units: u64,
    /// Whether repeated counts of the same code differ by less than one per cent.
    pub steady: bool,
    prepare: fn() -> Box<dyn Round>,
}

/// A piece that is ready to be measured.
pub trait Round {
    /// Prepares the input of one more round; not measured.
    fn add_input(&mut self) {}

    /// Runs one round with the oldest prepared input.
    fn run(&mut self);
}

impl Piece {
    /// Sets up what the piece needs, such as servers, sockets and databases.
    #[must_use]
    pub fn prepare(&self) -> Box<dyn Round> {
        (self.prepare)()
    }

    /// Returns how many rounds average out their differences.
    #[must_use]
    pub fn rounds(&self) -> u64 {
        (UNITS_MIN / self.units).max(1)
    }

    /// Returns the piece of this name.
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

/// Minimum number of units to count.
const UNITS_MIN: u64 = 4_096;

/// All pieces, in the order in which they are measured.
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

/// Returns a runtime with one thread, so that the order of events is deterministic.
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
            round.add_input();
            round.run();
        }
    }
}
