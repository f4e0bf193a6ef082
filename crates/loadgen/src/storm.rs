//! All connections drop, the rooms go on, and everyone reconnects at once.

use crate::client::Client;
use crate::counters::{float, latencies};
use crate::fleet::{self, Session};
use crate::options::ServerOptions;
use crate::protocol::{Incoming, Protocol};
use crate::stamp::Stamp;
use crate::target::Target;
use crate::{process, rooms};
use anyhow::{Context, ensure};
use hdrhistogram::Histogram;
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections opened concurrently before the storm.
const AT_ONCE: usize = 64;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// Number of connections.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) connections: usize,
    /// Members of each room.
    #[arg(long, default_value_t = 50)]
    pub(crate) members: usize,
    /// Messages sent to each room while everyone is disconnected.
    #[arg(long, default_value_t = 20)]
    pub(crate) missed: u64,
    /// Concurrent reconnects; by default all.
    #[arg(long)]
    pub(crate) at_once: Option<usize>,
}

pub(crate) struct Report {
    connections: usize,
    /// Until the last client had caught up.
    wall: Duration,
    server_cpu: Duration,
    own_cpu: Duration,
    latency: Histogram<u64>,
    failed: Vec<String>,
}

impl Report {
    pub(crate) fn seconds(&self) -> f64 {
        self.wall.as_secs_f64()
    }

    pub(crate) const fn failed(&self) -> usize {
        self.failed.len()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} reconnected and caught up in {:.2} s (half of them in {:.2} s, 99 % in {:.2} s); \
             server {:.2} s of CPU, generator {:.2} s; ",
            self.connections - self.failed.len(),
            self.seconds(),
            float(self.latency.value_at_quantile(0.5)) / 1e6,
            float(self.latency.value_at_quantile(0.99)) / 1e6,
            self.server_cpu.as_secs_f64(),
            self.own_cpu.as_secs_f64(),
        )?;
        match self.failed.first() {
            None => write!(f, "nothing lost"),
            Some(first) => write!(f, "BROKEN: {} failed, one by: {first}", self.failed.len()),
        }
    }
}

/// A client that will reconnect.
struct ReturningClient {
    room: usize,
    name: String,
    session: Option<Session>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let target = Target::start(&options.server).await?;
    let protocol = target.peer.protocol();
    let run = rooms::unique("w");
    let count = options.connections.div_ceil(options.members);
    if protocol == Protocol::Parlor {
        rooms::create(&target.address, &run, count).await?;
    }
    let names: Vec<String> = (0..count).map(|n| format!("{run}-{n}")).collect();
    let returning = connect_and_drop(&target, &names, &run, options).await?;
    // Until the server has noticed the disconnects.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let missed = if protocol == Protocol::Parlor {
        options.missed
    } else {
        0
    };
    let mut cursors = Vec::new();
    for (at, room) in names.iter().enumerate() {
        cursors.push(match missed {
            0 => 0,
            _ => post(&target, &format!("{run}-poster-{at}"), room, missed).await?,
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    eprintln!("reconnecting {} clients at once", returning.len());
    let (cpu, own) = (target.cpu()?, process::cpu(std::process::id())?);
    let gate = Arc::new(Semaphore::new(options.at_once.unwrap_or(returning.len())));
    let started = Instant::now();
    let mut reconnecting = JoinSet::new();
    for member in returning {
        let (address, gate) = (target.address.clone(), gate.clone());
        let (room, cursor) = (names[member.room].clone(), cursors[member.room]);
        reconnecting.spawn(async move {
            let _permit = gate.acquire().await?;
            let client = match &member.session {
                Some(session) => resume(&address, session, &room, cursor, missed).await?,
                None => {
                    fleet::enter(&address, protocol, &member.name, &room)
                        .await?
                        .0
                }
            };
            Ok::<_, anyhow::Error>((client, started.elapsed()))
        });
    }
    let (mut latency, mut failed, mut back) = (latencies(), Vec::new(), Vec::new());
    let mut wall = Duration::ZERO;
    while let Some(reconnected) = reconnecting.join_next().await {
        match reconnected? {
            Ok((client, after)) => {
                latency.saturating_record(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
                wall = wall.max(after);
                back.push(client);
            }
            Err(error) => failed.push(format!("{error:#}")),
        }
    }
    Ok(Report {
        connections: back.len() + failed.len(),
        wall,
        server_cpu: target.cpu()?.saturating_sub(cpu),
        own_cpu: process::cpu(std::process::id())?.saturating_sub(own),
        latency,
        failed,
    })
}

/// Connects everyone, waits until all are there, and drops all connections without a close frame.
async fn connect_and_drop(
    target: &Target,
    names: &[String],
    run: &str,
    options: &Options,
) -> anyhow::Result<Vec<ReturningClient>> {
    let protocol = target.peer.protocol();
    let mut arriving = JoinSet::new();
    let (mut returning, mut clients) = (Vec::new(), Vec::new());
    for at in 0..options.connections {
        let room = at / options.members;
        let (address, name, key) = (
            target.address.clone(),
            format!("{run}-m-{at}"),
            names[room].clone(),
        );
        arriving.spawn(async move {
            let (client, session) = fleet::enter(&address, protocol, &name, &key).await?;
            Ok::<_, anyhow::Error>((
                client,
                ReturningClient {
                    room,
                    name,
                    session,
                },
            ))
        });
        if arriving.len() >= AT_ONCE {
            let (client, member) = arriving.join_next().await.context("none left")???;
            clients.push(client);
            returning.push(member);
        }
    }
    while let Some(arrived) = arriving.join_next().await {
        let (client, member) = arrived??;
        clients.push(client);
        returning.push(member);
    }
    Ok(returning)
}

/// Posts messages as a further member; returns the head before the first one.
async fn post(target: &Target, name: &str, room: &str, messages: u64) -> anyhow::Result<u64> {
    let (mut client, _) = fleet::enter(&target.address, Protocol::Parlor, name, room).await?;
    let mut head = None;
    for count in 1..=messages {
        let mut body = Vec::new();
        let stamp = Stamp {
            publisher: 0,
            count,
            at: 0,
        };
        stamp.write_body(&mut body, crate::protocol::BODY_BYTES);
        let body = String::from_utf8(body)?;
        let d = json!({ "room": room, "cid": format!("{name}-{count:04}"), "body": body });
        let ok = client.call("send", &d.to_string()).await?;
        let seq = ok["seq"].as_u64().context("no seq")?;
        head.get_or_insert(seq - 1);
    }
    head.context("no message was posted")
}

/// Resumes from a cursor and waits until all missed messages have arrived in order.
async fn resume(
    address: &str,
    session: &Session,
    room: &str,
    cursor: u64,
    missed: u64,
) -> anyhow::Result<Client> {
    let mut client = Client::connect(address, Protocol::Parlor).await?;
    let hello = json!({
        "token": session.token,
        "epoch": session.epoch,
        "cursors": { room: cursor },
    });
    client.queue("hello", &hello.to_string());
    client.flush().await?;
    let (mut last, mut wrong, mut resumed) = (cursor, None, false);
    while !resumed {
        client
            .read(|payload| {
                resumed |= payload.starts_with(br#"{"ev":"resumed""#);
                Protocol::Parlor.scan(payload, room, |seen| match seen {
                    Incoming::Delivery { seq: Some(seq), .. } => {
                        if seq != last + 1 {
                            wrong = Some(format!("{seq} after {last}"));
                        }
                        last = seq;
                    }
                    Incoming::Reply { ok: false, .. } => {
                        wrong = Some(String::from_utf8_lossy(payload).into_owned());
                        resumed = true;
                    }
                    Incoming::Gap => wrong = Some("a gap".to_owned()),
                    _ => {}
                });
            })
            .await?;
    }
    ensure!(wrong.is_none(), "{}", wrong.unwrap_or_default());
    ensure!(
        last >= cursor + missed,
        "{} of {missed} messages arrived",
        last - cursor
    );
    Ok(client)
}
