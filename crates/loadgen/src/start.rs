//! Measures how long a start takes with a full store.

use crate::options::ServerOptions;
use crate::sends;
use crate::target::Target;
use std::fmt;
use std::time::Duration;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// Messages to store before the restart.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) messages: u64,
}

pub(crate) struct Report {
    messages: u64,
    after_stop: Duration,
    after_kill: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages: healthy {:.2} s after a start, {:.2} s after a kill -9",
            self.messages,
            self.after_stop.as_secs_f64(),
            self.after_kill.as_secs_f64()
        )
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut target = Target::start(&options.server).await?;
    eprintln!("storing {} messages", options.messages);
    sends::store(&target, options.messages).await?;
    Ok(Report {
        messages: options.messages,
        after_stop: target.stop_and_restart().await?,
        after_kill: target.kill_and_restart().await?,
    })
}
