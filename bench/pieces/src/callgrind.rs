//! Instructions as valgrind's callgrind counts them, of all threads, the kernel left out.

use anyhow::{Context, ensure};
use pieces::Piece;
use std::path::Path;
use std::process::Command;

/// Instructions that one unit of this piece takes.
pub(crate) fn instructions(piece: &Piece) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--error-exitcode=1"])
        // Counted is what happens between its call and its return.
        .args([
            "--zero-before=pieces::counted",
            "--dump-after=pieces::counted",
        ])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(std::env::current_exe()?)
        .args(["run", piece.name])
        // What stands in the environment would move the stack.
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .context("valgrind does not start; bench/pieces/install installs it")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{piece} under valgrind: {said}");
    let total = total(&folder.path().join("counts.1"))
        .with_context(|| format!("{piece}: valgrind has counted nothing: {said}"))?;
    Ok(total / (piece.rounds() * piece.units))
}

/// The sum at the end of callgrind's file.
fn total(counts: &Path) -> anyhow::Result<u64> {
    let counts = std::fs::read_to_string(counts)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.context("no totals")?.trim().parse()?)
}
