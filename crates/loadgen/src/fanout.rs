//! Rooms with members and publishers, at a given rate or as fast as possible.

use crate::counters::Outcome;
use crate::fleet::{Fleet, Layout};
use crate::load;
use crate::options::{LoadOptions, ServerOptions};
use crate::plan::{Completion, Pace, Plan};
use crate::target::Target;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Number of rooms.
    #[arg(long, default_value_t = 10)]
    pub(crate) rooms: usize,
    /// Members of each room.
    #[arg(long, default_value_t = 50)]
    pub(crate) members: usize,
    /// Publishers among the members of each room.
    #[arg(long, default_value_t = 1)]
    pub(crate) publishers: usize,
    /// Messages of each publisher that it has not received back yet.
    #[arg(long, default_value_t = 4)]
    pub(crate) outstanding: u64,
    /// Messages per second in all, however many are outstanding.
    #[arg(long, conflicts_with = "outstanding")]
    pub(crate) rate: Option<f64>,
}

impl Options {
    pub(crate) fn pace(&self) -> Pace {
        match self.rate {
            Some(per_s) => Pace::Open {
                per_s: per_s / self.threads(),
            },
            None => Pace::Closed {
                outstanding: self.outstanding,
            },
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a handful of threads")]
    fn threads(&self) -> f64 {
        self.load.threads.min(self.rooms).max(1) as f64
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let target = Target::start(&options.server).await?;
    let layout = Layout::new(options.rooms, options.members, options.publishers);
    let fleet = Fleet::connect(&target, layout).await?;
    let plan = Plan::new(options.pace(), Completion::Delivery);
    load::measure(
        &target,
        fleet,
        plan,
        options.load.timing(),
        options.load.threads,
    )
    .await
}
