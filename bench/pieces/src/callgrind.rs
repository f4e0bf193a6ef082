//! Counts instructions with valgrind's callgrind, in all threads, without the kernel.

use anyhow::{Context, ensure};
use pieces::Piece;
use std::path::Path;
use std::process::Command;

/// Returns the instructions per unit of a piece.
pub(crate) fn instructions(piece: &Piece) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--error-exitcode=1"])
        // Counts from the call of this function to its return.
        .args([
            "--zero-before=pieces::counted",
            "--dump-after=pieces::counted",
        ])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(std::env::current_exe()?)
        .args(["run", piece.name])
        // The size of the environment would shift the stack.
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .context("cannot start valgrind; run bench/pieces/install")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{piece} under valgrind: {stderr}");
    let total = total(&folder.path().join("counts.1"))
        .with_context(|| format!("{piece}: valgrind counted nothing: {stderr}"))?;
    Ok(total / (piece.rounds() * piece.units))
}

/// Reads the total at the end of callgrind's file.
fn total(counts: &Path) -> anyhow::Result<u64> {
    let counts = std::fs::read_to_string(counts)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.context("no totals")?.trim().parse()?)
}
