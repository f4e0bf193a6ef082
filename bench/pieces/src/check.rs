//! Compares each piece with the baseline.

use crate::baseline::Baseline;
use crate::callgrind::instructions;
use pieces::{PIECES, Piece};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Largest increase over the baseline, for steady pieces; others are shown, but do not fail.
const TOLERANCE_PERCENT: f64 = 5.0;

pub(crate) fn run(write: bool) -> anyhow::Result<ExitCode> {
    let before = if write {
        Baseline::read().ok()
    } else {
        Some(Baseline::read()?)
    };
    let mut counted = BTreeMap::new();
    let mut slower = Vec::new();
    println!("{:28} {:>12} {:>12}", "instructions", "now", "baseline");
    for piece in PIECES {
        let now = instructions(piece)?;
        let was = before
            .as_ref()
            .and_then(|before| before.instructions.get(piece.name))
            .copied();
        let change = was.map(|was| per_cent(now, was));
        println!("{}", line(piece, now, was, change));
        // A piece without a baseline fails: it must be recorded.
        if change.is_none_or(|change| piece.steady && change > TOLERANCE_PERCENT) {
            slower.push(piece.name);
        }
        counted.insert(piece.name.to_owned(), now);
    }
    let now = Baseline::of_this_compiler(counted)?;
    if write {
        now.write()?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(verdict(
        &slower,
        &now.compiler,
        before.as_ref().map(|before| &*before.compiler),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn per_cent(now: u64, was: u64) -> f64 {
    (now as f64 / was as f64 - 1.0) * 100.0
}

fn line(piece: &Piece, now: u64, was: Option<u64>, change: Option<f64>) -> String {
    let Piece { name, unit, .. } = piece;
    let was = was.map_or("none".to_owned(), |was| was.to_string());
    let change = change.map_or(String::new(), |change| format!("{change:+.2} %"));
    format!("{name:28} {now:>12} {was:>12} {change:>9} per {unit}")
}

fn verdict(slower: &[&str], now: &str, before: Option<&str>) -> ExitCode {
    if slower.is_empty() {
        return ExitCode::SUCCESS;
    }
    let slower = slower.join(", ");
    if before.is_some_and(|before| before != now) {
        println!("more than {TOLERANCE_PERCENT} % above a baseline of another compiler: {slower}");
        println!("not comparable with {now}; update the baseline: just bench-check --write");
        return ExitCode::SUCCESS;
    }
    println!("more than {TOLERANCE_PERCENT} % above the baseline: {slower}");
    println!("if the increase is justified, accept it: just bench-check --write");
    ExitCode::FAILURE
}
