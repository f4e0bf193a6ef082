//! Connections that are there and say nothing.

use crate::target::Target;
use crate::{ServerOptions, rooms};
use std::fmt;
use std::time::Duration;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// How many.
    #[arg(long, default_value_t = 5_000)]
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
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let per_connection = grown as f64 / self.connections as f64;
        per_connection / 1024.0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} idle connections: {:.1} KiB resident each, {:.1} ms CPU per second for all",
            self.connections,
            self.kib_per_connection(),
            self.cpu_per_s.as_secs_f64() * 1e3
        )
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let target = Target::start(&options.server).await?;
    let run = rooms::unique("i");
    rooms::create(
        &target.address,
        &run,
        options.connections.div_ceil(options.room_size),
    )
    .await?;
    let resident_before = target.resident()?;
    let mut clients = Vec::with_capacity(options.connections);
    for n in 0..options.connections {
        let room = format!("{run}-{}", n / options.room_size);
        clients.push(rooms::guest(&target.address, &format!("{run}-idler-{n}"), &room).await?);
        if n % 500 == 499 {
            eprintln!("{} of {} connections", n + 1, options.connections);
        }
    }
    // What the joining left behind is answered for before the measuring begins.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let cpu = target.cpu()?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    Ok(Report {
        connections: clients.len(),
        resident_before,
        resident_after: target.resident()?,
        cpu_per_s: target.cpu()?.saturating_sub(cpu) / 5,
    })
}
