//! Durable sends, closed loop.

use crate::client::{Client, is_ok, reply_id};
use crate::target::Target;
use crate::{ServerOptions, rooms};
use anyhow::bail;
use hdrhistogram::Histogram;
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// Connections, each in a room of its own.
    #[arg(long, default_value_t = 8)]
    pub(crate) clients: usize,
    /// Messages of each connection that have no answer yet.
    #[arg(long, default_value_t = 8)]
    pub(crate) in_flight: usize,
    /// How long to load.
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
}

/// What the load did.
pub(crate) struct Report {
    in_flight: usize,
    acked: u64,
    wall: Duration,
    server_cpu: Duration,
    latency: Histogram<u64>,
}

impl Report {
    pub(crate) fn acked_per_s(&self) -> f64 {
        count(self.acked) / self.wall.as_secs_f64()
    }

    pub(crate) fn cpu_us_per_send(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / count(self.acked)
    }

    pub(crate) fn p50_ms(&self) -> f64 {
        count(self.latency.value_at_quantile(0.5)) / 1e3
    }

    pub(crate) fn p99_ms(&self) -> f64 {
        count(self.latency.value_at_quantile(0.99)) / 1e3
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in flight: {:.0} acked/s, {:.1} µs server CPU per send, p50 {:.2} ms, p99 {:.2} ms",
            self.in_flight,
            self.acked_per_s(),
            self.cpu_us_per_send(),
            self.p50_ms(),
            self.p99_ms()
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn count(n: u64) -> f64 {
    n as f64
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let target = Target::start(&options.server).await?;
    load(
        &target,
        options,
        Until::Elapsed(Duration::from_secs(options.seconds)),
    )
    .await
}

/// When to stop.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    Elapsed(Duration),
    /// So many in all.
    Acked(u64),
}

/// Loads a server that runs.
pub(crate) async fn load(
    target: &Target,
    options: &Options,
    until: Until,
) -> anyhow::Result<Report> {
    let run = rooms::unique("s");
    rooms::create(&target.address, &run, options.clients).await?;
    let mut senders = Vec::new();
    for n in 0..options.clients {
        let room = format!("{run}-{n}");
        let client = rooms::guest(&target.address, &format!("{run}-sender-{n}"), &room).await?;
        senders.push(Sender {
            client,
            room,
            number: n,
            sent: 0,
            waiting: HashMap::new(),
        });
    }
    let (cpu, started) = (target.cpu()?, Instant::now());
    let mut running = JoinSet::new();
    for sender in senders {
        let share = match until {
            Until::Elapsed(time) => Until::Elapsed(time),
            Until::Acked(all) => Until::Acked(all.div_ceil(options.clients as u64)),
        };
        running.spawn(sender.run(options.in_flight, share));
    }
    let mut latency = Histogram::new(3)?;
    while let Some(ended) = running.join_next().await {
        latency.add(ended??)?;
    }
    Ok(Report {
        in_flight: options.clients * options.in_flight,
        acked: latency.len(),
        wall: started.elapsed(),
        server_cpu: target.cpu()?.saturating_sub(cpu),
        latency,
    })
}

struct Sender {
    client: Client,
    room: String,
    number: usize,
    sent: u64,
    waiting: HashMap<u64, Instant>,
}

impl Sender {
    /// Keeps `in_flight` messages unanswered; the latencies of all, in µs.
    async fn run(mut self, in_flight: usize, until: Until) -> anyhow::Result<Histogram<u64>> {
        let mut latency = Histogram::new(3)?;
        let started = Instant::now();
        loop {
            let done = match until {
                Until::Elapsed(time) => started.elapsed() >= time,
                Until::Acked(all) => self.sent >= all,
            };
            while !done && self.waiting.len() < in_flight {
                self.send();
            }
            if self.waiting.is_empty() {
                return Ok(latency);
            }
            self.client.flush().await?;
            self.answers(&mut latency).await?;
        }
    }

    fn send(&mut self) {
        let cid = self.cid();
        let body = "The quick brown fox jumps over the lazy dog; it is a message of usual length.";
        let d = format!(
            r#"{{"room":"{}","cid":"{cid}","body":"{body}"}}"#,
            self.room
        );
        let id = self.client.queue("send", &d);
        self.waiting.insert(id, Instant::now());
        self.sent += 1;
    }

    /// Time-ordered, like the UUIDv7 that clients are told to use.
    fn cid(&self) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        format!("{now:012x}-{:04x}-{:08x}", self.number, self.sent)
    }

    async fn answers(&mut self, latency: &mut Histogram<u64>) -> anyhow::Result<()> {
        let waiting = &mut self.waiting;
        let mut declined = None;
        self.client
            .read(|text| {
                let Some(sent_at) = reply_id(text).and_then(|id| waiting.remove(&id)) else {
                    return;
                };
                if !is_ok(text) {
                    declined = Some(String::from_utf8_lossy(text).into_owned());
                }
                let micros = u64::try_from(sent_at.elapsed().as_micros()).unwrap_or(u64::MAX);
                latency.saturating_record(micros);
            })
            .await?;
        match declined {
            Some(reply) => bail!("a send was declined: {reply}"),
            None => Ok(()),
        }
    }
}
