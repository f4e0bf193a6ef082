//! Connections that stay silent.

use crate::counters::float;
use crate::fleet::{Fleet, Layout};
use crate::options::ServerOptions;
use crate::target::Target;
use std::fmt;
use std::time::Duration;

/// Seconds over which processor time is measured.
const WATCHED_S: u32 = 5;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// Number of connections.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// Members of each room.
    #[arg(long, default_value_t = 50)]
    pub(crate) room_size: usize,
}

pub(crate) struct Report {
    connections: usize,
    resident_before: u64,
    resident_after: u64,
    cpu_per_s: Duration,
}

impl Report {
    pub(crate) fn kib_per_connection(&self) -> f64 {
        let grown = self.resident_after.saturating_sub(self.resident_before);
        float(grown) / float(self.connections as u64) / 1024.0
    }

    pub(crate) fn cpu_percent(&self) -> f64 {
        self.cpu_per_s.as_secs_f64() * 100.0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} idle connections: {:.1} KiB resident each, {:.1} % of a core for all",
            self.connections,
            self.kib_per_connection(),
            self.cpu_percent()
        )
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let target = Target::start(&options.server).await?;
    // The first connection costs what a server allocates once.
    let first = Fleet::connect(&target, Layout::new(1, 1, 0)).await?;
    let resident_before = target.resident()?;
    let rooms = options.connections.div_ceil(options.room_size);
    let fleet = Fleet::connect(&target, Layout::new(rooms, options.room_size, 0)).await?;
    // Let the aftermath of the joins settle.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let cpu = target.cpu()?;
    tokio::time::sleep(Duration::from_secs(u64::from(WATCHED_S))).await;
    let report = Report {
        connections: fleet.len(),
        resident_before,
        resident_after: target.resident()?,
        cpu_per_s: target.cpu()?.saturating_sub(cpu) / WATCHED_S,
    };
    drop(first);
    Ok(report)
}
