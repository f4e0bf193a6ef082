//! Short visits: connect, hello with a token, join, a page of history, leave.

use crate::client::Client;
use crate::counters::{float, latencies};
use crate::fleet::{Fleet, Layout};
use crate::load;
use crate::options::{LoadOptions, ServerOptions};
use crate::plan::{Completion, Pace, Plan};
use crate::protocol::Protocol;
use crate::target::Target;
use crate::{process, rooms};
use hdrhistogram::Histogram;
use serde_json::json;
use std::fmt;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Messages in each room before the measurement starts.
const STORED_PER_ROOM: u64 = 60;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Number of concurrent workers.
    #[arg(long, default_value_t = 50)]
    pub(crate) workers: usize,
    /// Rooms that the workers visit in turn.
    #[arg(long, default_value_t = 20)]
    pub(crate) rooms: usize,
}

pub(crate) struct Report {
    cycles: u64,
    wall: Duration,
    server_cpu: Duration,
    own_cpu: Duration,
    latency: Histogram<u64>,
}

impl Report {
    pub(crate) fn per_cpu_s(&self) -> f64 {
        float(self.cycles) / self.server_cpu.as_secs_f64()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} cycles/s, {:.0} per server CPU second; p50 {:.1} ms, p99 {:.1} ms; \
             generator: {:.0} % of a core",
            float(self.cycles) / self.wall.as_secs_f64(),
            self.per_cpu_s(),
            float(self.latency.value_at_quantile(0.5)) / 1e3,
            float(self.latency.value_at_quantile(0.99)) / 1e3,
            100.0 * self.own_cpu.as_secs_f64() / self.wall.as_secs_f64()
        )
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let target = Target::start(&options.server).await?;
    let fleet = Fleet::connect(&target, Layout::new(options.rooms, 1, 1)).await?;
    let names = fleet.names().to_vec();
    let plan = Plan {
        sends_max: STORED_PER_ROOM * options.rooms as u64,
        ..Plan::new(Pace::Closed { outstanding: 8 }, Completion::Ack)
    };
    load::fill(&target, fleet, plan).await?;
    let mut tokens = Vec::new();
    let run = rooms::unique("c");
    for worker in 0..options.workers {
        // Not guests: a guest that has left its last room ends with the connection.
        tokens.push(rooms::account(&target.address, &format!("{run}-worker-{worker}")).await?);
    }
    let (cpu, own) = (target.cpu()?, process::cpu(std::process::id())?);
    let started = Instant::now();
    let until = started + Duration::from_secs(options.load.seconds);
    let mut workers = JoinSet::new();
    for (at, token) in tokens.into_iter().enumerate() {
        workers.spawn(run_worker(
            target.address.clone(),
            names.clone(),
            token,
            at,
            until,
        ));
    }
    let mut latency = latencies();
    while let Some(ended) = workers.join_next().await {
        latency.add(ended??)?;
    }
    Ok(Report {
        cycles: latency.len(),
        wall: started.elapsed(),
        server_cpu: target.cpu()?.saturating_sub(cpu),
        own_cpu: process::cpu(std::process::id())?.saturating_sub(own),
        latency,
    })
}

async fn run_worker(
    address: String,
    names: Vec<String>,
    token: String,
    first: usize,
    until: Instant,
) -> anyhow::Result<Histogram<u64>> {
    let mut latency = latencies();
    let mut at = first;
    while Instant::now() < until {
        let began = Instant::now();
        visit(&address, &token, &names[at % names.len()]).await?;
        at += 1;
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        latency.saturating_record(micros);
    }
    Ok(latency)
}

async fn visit(address: &str, token: &str, room: &str) -> anyhow::Result<()> {
    let mut client = Client::connect(address, Protocol::Parlor).await?;
    let hello = json!({ "token": token }).to_string();
    client.reply("hello", &hello).await?;
    let join = json!({ "room": room, "limit": 1 }).to_string();
    client.reply("join", &join).await?;
    let history = json!({ "room": room, "limit": 50 }).to_string();
    client.reply("history", &history).await?;
    let leave = json!({ "room": room }).to_string();
    client.reply("leave", &leave).await?;
    Ok(())
}
