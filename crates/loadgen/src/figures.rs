//! Parlor's benchmark results beside their targets, as Markdown.

use crate::options::{LoadOptions, ServerOptions};
use crate::page::Page;
use crate::peer::Peer;
use crate::workload::{Workload, median, run_sends, run_storm, thousands};
use crate::{churn, day, stalled, start};
use std::fmt::Write as _;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,
    #[command(flatten)]
    load: LoadOptions,
    /// Number of rounds; the table shows medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Messages in the store of the timed start.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    #[command(flatten)]
    page: Page,
}

/// A row of the table: a figure, its target, and its value in every round.
struct Row {
    work: &'static str,
    figure: &'static str,
    wanted: &'static str,
    format: fn(f64) -> String,
    values: Vec<f64>,
    broken: bool,
}

#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    fn add(
        &mut self,
        (work, figure, wanted): (&'static str, &'static str, &'static str),
        format: fn(f64) -> String,
        value: f64,
    ) {
        eprintln!("{work}, {figure}: {}", format(value));
        let known = self
            .0
            .iter_mut()
            .find(|row| row.work == work && row.figure == figure);
        match known {
            Some(row) => row.values.push(value),
            None => self.0.push(Row {
                work,
                figure,
                wanted,
                format,
                values: vec![value],
                broken: false,
            }),
        }
    }

    fn mark_broken(&mut self, work: &str, why: &str) {
        eprintln!("{work}: {why}");
        for row in &mut self.0 {
            row.broken |= row.work == work;
        }
    }

    fn markdown(&self, options: &Options) -> String {
        let mut out = format!(
            "Medians of {} rounds of {} s. An asterisk: messages were lost, repeated or out of \
             order, or a connection was closed.\n\n| work | figure | wanted | measured |\n| --- | --- | --- | --- |\n",
            options.rounds, options.load.seconds
        );
        for row in &self.0 {
            let measured = median(row.values.clone()).map_or_else(String::new, row.format);
            let star = if row.broken { "*" } else { "" };
            writeln!(
                out,
                "| {} | {} | {} | {measured}{star} |",
                row.work, row.figure, row.wanted
            )
            .expect("writing to a string succeeds");
        }
        out
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let mut table = Table::default();
    let sqlite = ServerOptions {
        peer: Peer::Parlor,
        postgres: None,
        ..options.server.clone()
    };
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        measure_fanout(&mut table, &sqlite, options.load).await?;
        measure_sends(&mut table, &sqlite, options).await?;
        measure_connections(&mut table, &sqlite, options.load).await?;
    }
    let start = start::Options {
        server: sqlite,
        messages: options.messages,
    };
    let start = start::run(&start).await?;
    let table = format!("{}\n{start}\n", table.markdown(options));
    println!("{table}");
    options.page.update("parlor", &table)
}

async fn measure_fanout(
    table: &mut Table,
    server: &ServerOptions,
    load: LoadOptions,
) -> anyhow::Result<()> {
    for (work, wanted) in [
        (Workload::FullRate, "430 k"),
        (Workload::OneAtATime, "110 k"),
        (Workload::BigRoom, "850 k"),
        (Workload::Chat, "45 k"),
    ] {
        let figure = work.run(server, load).await?;
        table.add((work.title(), work.unit(), wanted), thousands, figure.value);
        if work == Workload::Chat {
            latencies(table, work.title(), ("2 ms", "10 ms"), figure.p50_p99);
        }
        if let Some(broken) = figure.broken {
            table.mark_broken(work.title(), &broken);
        }
    }
    Ok(())
}

fn latencies(
    table: &mut Table,
    work: &'static str,
    wanted: (&'static str, &'static str),
    p50_p99: Option<(f64, f64)>,
) {
    let (p50, p99) = p50_p99.unwrap_or_default();
    table.add((work, "p50", wanted.0), ms, p50);
    table.add((work, "p99", wanted.1), ms, p99);
}

async fn measure_sends(
    table: &mut Table,
    sqlite: &ServerOptions,
    options: &Options,
) -> anyhow::Result<()> {
    const UNIT: &str = "acknowledged per server CPU second";
    let figure = run_sends(sqlite, options.load, 50, 16).await?;
    table.add(
        ("sends, 50 × 16 in flight", UNIT, "30 k"),
        thousands,
        figure.value,
    );
    let figure = run_sends(sqlite, options.load, 8, 8).await?;
    latencies(
        table,
        "sends, 64 in flight",
        ("5 ms", "40 ms"),
        figure.p50_p99,
    );
    if options.server.postgres.is_some() {
        let figure = run_sends(&options.server, options.load, 50, 16).await?;
        table.add(
            ("sends on PostgreSQL, 50 × 16 in flight", UNIT, "30 k"),
            thousands,
            figure.value,
        );
    }
    Ok(())
}

async fn measure_connections(
    table: &mut Table,
    server: &ServerOptions,
    load: LoadOptions,
) -> anyhow::Result<()> {
    let idle = Workload::Idle.run(server, load).await?;
    let title = Workload::Idle.title();
    table.add(
        (title, "KiB resident each, of 10,000", "6"),
        one_digit,
        idle.value,
    );
    let churn = churn::Options {
        server: server.clone(),
        load,
        workers: 50,
        rooms: 20,
    };
    let churn = churn::run(&churn).await?;
    let name = "connect, hello, join, history, leave";
    table.add(
        (name, "per server CPU second", "1,500"),
        thousands,
        churn.per_cpu_s(),
    );
    let stalled = stalled::run(&stalled::Options::defaults_for(server, load)).await?;
    let name = "5 % stalled readers";
    table.add(
        (name, "others' p99, ratio", "1.2"),
        two_digits,
        stalled.p99_ratio(),
    );
    table.add(
        (name, "KiB per stalled reader, kernel included", "300"),
        one_digit,
        stalled.kib_per_stalled(),
    );
    for (count, name, wanted) in [
        (2_000, "2,000 reconnect and resume", "0.5 s"),
        (5_000, "5,000 reconnect and resume", "2 s"),
    ] {
        let storm = run_storm(server, count).await?;
        table.add(
            (name, "until all are caught up", wanted),
            seconds,
            storm.value,
        );
        if let Some(broken) = storm.broken {
            table.mark_broken(name, &broken);
        }
    }
    let day = day::run(&day::Options::defaults_for(server, load)).await?;
    let name = "mixed day, 2,000 commands/s";
    table.add(
        (name, "commands per server CPU second", "–"),
        thousands,
        day.acked_per_cpu_s(),
    );
    latencies(
        table,
        name,
        ("–", "–"),
        Some((day.ms_at(0.5), day.ms_at(0.99))),
    );
    Ok(())
}

fn ms(value: f64) -> String {
    format!("{value:.2} ms")
}

fn seconds(value: f64) -> String {
    format!("{value:.2} s")
}

fn one_digit(value: f64) -> String {
    format!("{value:.1}")
}

fn two_digits(value: f64) -> String {
    format!("{value:.2}")
}
