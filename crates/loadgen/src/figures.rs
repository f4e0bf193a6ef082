//! All figures of docs/benchmarks.md in one run, as Markdown.

use crate::{ServerOptions, idle, sends, start};

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,
    /// How long each load lasts.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Messages in the store whose start is timed.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
}

/// Clients and messages in flight of each: 1, 64 and 1,024 in all.
const LOADS: [(usize, usize); 3] = [(1, 1), (8, 8), (64, 16)];

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let sqlite = ServerOptions {
        postgres: None,
        ..options.server.clone()
    };
    let mut stores = vec![("SQLite", sqlite.clone())];
    if options.server.postgres.is_some() {
        stores.push(("PostgreSQL", options.server.clone()));
    }
    println!("| store | in flight | acked/s | server CPU per send | p50 | p99 |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (name, server) in &stores {
        for (clients, in_flight) in LOADS {
            let load = sends::Options {
                server: server.clone(),
                clients,
                in_flight,
                seconds: options.seconds,
            };
            let report = sends::run(&load).await?;
            println!(
                "| {name} | {} | {:.0} | {:.1} µs | {:.2} ms | {:.2} ms |",
                clients * in_flight,
                report.acked_per_s(),
                report.cpu_us_per_send(),
                report.p50_ms(),
                report.p99_ms()
            );
        }
    }
    let idle = idle::Options {
        server: sqlite.clone(),
        connections: 5_000,
        room_size: 50,
    };
    println!("\n{}", idle::run(&idle).await?);
    let start = start::Options {
        server: sqlite,
        messages: options.messages,
    };
    println!("\n{}", start::run(&start).await?);
    Ok(())
}
