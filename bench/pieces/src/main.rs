//! Counts the instructions of each piece and compares them with `baseline.toml`.

mod baseline;
mod callgrind;
mod check;

use clap::{Parser, Subcommand};
use pieces::{Piece, Round};
use std::process::ExitCode;

/// Counts the instructions of the hot pieces.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare all pieces with the baseline; fails if one needs 5 % more instructions.
    Check {
        /// Record the current counts as the baseline.
        #[arg(long)]
        write: bool,
    },
    /// Run one piece under a profiler.
    Run {
        /// Name of the piece.
        piece: String,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Options::parse().command {
        Command::Check { write } => check::run(write),
        Command::Run { piece } => {
            let piece = Piece::named(&piece)
                .ok_or_else(|| anyhow::anyhow!("there is no piece called {piece}"))?;
            run(piece);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Rounds before counting, in which buffers reach their size and statements are prepared.
const WARM_UP: u64 = 3;

fn run(piece: &Piece) {
    let mut round = piece.prepare();
    for _ in 0..WARM_UP {
        round.add_input();
        round.run();
    }
    for _ in 0..piece.rounds() {
        round.add_input();
    }
    counted(&mut *round, piece.rounds());
}

/// Runs the measured rounds. Callgrind finds this function by its name.
#[inline(never)]
fn counted(round: &mut dyn Round, rounds: u64) {
    for _ in 0..rounds {
        round.run();
    }
}
