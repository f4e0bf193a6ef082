//! Counts the instructions of each piece and compares them with those of `baseline.toml`.

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
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Compares all pieces with the baseline; fails when one needs 5 % more than it did.
    Check {
        /// Makes what is counted now the baseline.
        #[arg(long)]
        write: bool,
    },
    /// Runs one piece, so that something else can watch it.
    Run {
        /// Which.
        piece: String,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Options::parse().what {
        What::Check { write } => check::run(write),
        What::Run { piece } => {
            let piece = Piece::named(&piece)
                .ok_or_else(|| anyhow::anyhow!("no piece is called {piece}"))?;
            run(piece);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Rounds before the counting, in which buffers reach their size and statements are prepared.
const WARM_UP: u64 = 3;

fn run(piece: &Piece) {
    let mut round = piece.prepare();
    for _ in 0..WARM_UP {
        round.lay_out();
        round.run();
    }
    for _ in 0..piece.rounds() {
        round.lay_out();
    }
    counted(&mut *round, piece.rounds());
}

/// What is counted, from its call to its return: callgrind knows it by its name.
#[inline(never)]
fn counted(round: &mut dyn Round, rounds: u64) {
    for _ in 0..rounds {
        round.run();
    }
}
