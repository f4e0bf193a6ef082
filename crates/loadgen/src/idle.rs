//! Connections that are there and say nothing.

use crate::crowd::{Crowd, Shape};
use crate::options::ServerOptions;
use crate::tally::float;
use crate::target::Target;
use std::fmt;
use std::time::Duration;

/// How long nothing happens.
const WATCHED_S: u32 = 5;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// How many.
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
    // What a server takes once for the first connection is not what each one takes.
    let first = Crowd::seat(&target, Shape::new(1, 1, 0)).await?;
    let resident_before = target.resident()?;
    let rooms = options.connections.div_ceil(options.room_size);
    let crowd = Crowd::seat(&target, Shape::new(rooms, options.room_size, 0)).await?;
    // What the joining left behind is answered for before the measuring begins.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let cpu = target.cpu()?;
    tokio::time::sleep(Duration::from_secs(u64::from(WATCHED_S))).await;
    let report = Report {
        connections: crowd.len(),
        resident_before,
        resident_after: target.resident()?,
        cpu_per_s: target.cpu()?.saturating_sub(cpu) / WATCHED_S,
    };
    drop(first);
    Ok(report)
}
