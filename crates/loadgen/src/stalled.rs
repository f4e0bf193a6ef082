//! Clients that never read: what they cost the server and the other clients.

use crate::counters::{Outcome, float};
use crate::fleet::{Fleet, Layout};
use crate::load;
use crate::options::{LoadOptions, ServerOptions, defaults};
use crate::plan::{Completion, Pace, Plan};
use crate::process;
use crate::target::Target;
use std::fmt;
use std::time::{Duration, Instant};

/// Seconds at the default rate until a stalled reader's kernel buffers are full and the server
/// notices.
const FILLED_S: u64 = 12;
/// When memory is first measured: by then, what connecting took has been freed.
const SETTLED: Duration = Duration::from_secs(3);

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Number of rooms.
    #[arg(long, default_value_t = 10)]
    pub(crate) rooms: usize,
    /// Members of each room, the stalled ones included.
    #[arg(long, default_value_t = 100)]
    pub(crate) members: usize,
    /// Percentage of members that never read.
    #[arg(long, default_value_t = 5)]
    pub(crate) percent: usize,
    /// Messages per second in all.
    #[arg(long, default_value_t = 1_000.0)]
    pub(crate) rate: f64,
}

impl Options {
    /// Returns the command line's defaults, but runs at least until a stalled reader's buffers are
    /// full.
    pub(crate) fn defaults_for(server: &ServerOptions, load: LoadOptions) -> Self {
        Self {
            server: server.clone(),
            load: LoadOptions {
                seconds: load.seconds.max(FILLED_S),
                ..load
            },
            ..defaults()
        }
    }
}

pub(crate) struct Report {
    all_read: Outcome,
    some_stall: Outcome,
    stalled: usize,
    /// The highest value seen, in bytes.
    kernel: u64,
    resident: u64,
    resident_all_read: u64,
}

impl Report {
    pub(crate) fn p99_ratio(&self) -> f64 {
        self.some_stall.ms_at(0.99) / self.all_read.ms_at(0.99)
    }

    pub(crate) fn kib_per_stalled(&self) -> f64 {
        let grown = self.resident.saturating_sub(self.resident_all_read);
        float(grown + self.kernel) / float(self.stalled as u64) / 1024.0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "none stalled: {}", self.all_read)?;
        writeln!(f, "{} stalled: {}", self.stalled, self.some_stall)?;
        write!(
            f,
            "p99 of the others × {:.2}; at most {:.0} KiB per stalled reader, {:.0} KiB of it in the \
             kernel",
            self.p99_ratio(),
            self.kib_per_stalled(),
            float(self.kernel) / float(self.stalled as u64) / 1024.0
        )
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let (all_read, _, _, resident_all_read) = measure(options, 0).await?;
    let (some_stall, stalled, kernel, resident) = measure(options, options.percent).await?;
    Ok(Report {
        all_read,
        some_stall,
        stalled,
        kernel,
        resident,
        resident_all_read,
    })
}

async fn measure(options: &Options, percent: usize) -> anyhow::Result<(Outcome, usize, u64, u64)> {
    let target = Target::start(&options.server).await?;
    let layout = Layout {
        stalled_percent: percent,
        ..Layout::new(options.rooms, options.members, 1)
    };
    let mut fleet = Fleet::connect(&target, layout).await?;
    let stalled = fleet.take_stalled();
    let addresses = stalled
        .iter()
        .map(|client| client.local_address().map(|address| address.to_string()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let pace = Pace::Open {
        per_s: options.rate,
    };
    let plan = Plan::new(pace, Completion::Delivery);
    let load = load::measure(&target, fleet, plan, options.load.timing(), 1);
    tokio::pin!(load);
    let (began, mut kernel, mut resident) = (Instant::now(), 0, 0);
    loop {
        let tick = tokio::time::sleep(Duration::from_millis(500));
        tokio::select! {
            outcome = &mut load => return Ok((outcome?, stalled.len(), kernel, resident)),
            () = tick => {
                if began.elapsed() > SETTLED {
                    resident = resident.max(target.resident()?);
                }
                if !addresses.is_empty() {
                    kernel = kernel.max(process::kernel_bytes(&target.address, &addresses).await?);
                }
            }
        }
    }
}
