//! Processor time and memory of a process, from the kernel.

use anyhow::{Context, ensure};
use std::time::Duration;

/// Ticks per second of `/proc/PID/stat`: 100 on every Linux this runs on.
const TICK: Duration = Duration::from_millis(10);

/// Returns the user and system time of a process so far.
pub(crate) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let stat =
        std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the server has ended")?;
    // The name in parentheses may hold anything; fields are counted after it.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks: u32 = fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
    Ok(TICK * ticks)
}

/// Returns the resident memory of a process in bytes.
pub(crate) fn resident(pid: u32) -> anyhow::Result<u64> {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).context("the server has ended")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .context("no VmRSS")?;
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .context("no value of VmRSS")?
        .parse()?;
    Ok(kib * 1024)
}

/// Moves this process off the first processor, where the server runs; later threads inherit that.
pub(crate) async fn pin_this() -> anyhow::Result<()> {
    let this = std::process::id().to_string();
    let moved = tokio::process::Command::new("taskset")
        .args(["-a", "-p", "-c", "1", &this])
        .stdout(std::process::Stdio::null())
        .status()
        .await?;
    ensure!(
        moved.success(),
        "pinning needs a second processor (use --unpinned)"
    );
    Ok(())
}

/// Returns the bytes that the kernel uses for the server's end of these connections (`skmem` of
/// `ss`), which are named by the addresses of their clients.
pub(crate) async fn kernel_bytes(server: &str, clients: &[String]) -> anyhow::Result<u64> {
    let port = server.rsplit(':').next().unwrap_or_default();
    let listed = tokio::process::Command::new("ss")
        .args(["-tnmH", "state", "connected", &format!("sport = :{port}")])
        .output()
        .await
        .context("ss")?;
    let text = String::from_utf8_lossy(&listed.stdout);
    let wanted: std::collections::HashSet<&str> = clients.iter().map(String::as_str).collect();
    let mut counted = false;
    let mut bytes = 0;
    for line in text.lines() {
        if let Some(memory) = line.trim().strip_prefix("skmem:(") {
            if counted {
                bytes += in_use(memory);
            }
        } else {
            counted = line
                .split_whitespace()
                .last()
                .is_some_and(|peer| wanted.contains(peer));
            if let Some((_, memory)) = line.split_once("skmem:(") {
                counted = line.split_whitespace().any(|word| wanted.contains(word));
                if counted {
                    bytes += in_use(memory);
                }
            }
        }
    }
    Ok(bytes)
}

/// Sums received, forward-allocated, write-queued, option and backlog bytes.
fn in_use(memory: &str) -> u64 {
    memory
        .trim_end_matches(')')
        .split(',')
        .filter_map(|word| {
            let digits = word.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
            let kind = &word[..word.len() - digits.len()];
            matches!(kind, "r" | "f" | "w" | "o" | "bl").then(|| digits.parse::<u64>().ok())?
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_memory_is_what_is_in_use_and_not_what_is_allowed() {
        let memory = "r0,rb131072,t0,tb2626560,f2048,w14336,o0,bl0,d0)";
        assert_eq!(in_use(memory), 16_384);
    }
}
