//! Parlor's own figures beside what they are to reach, as Markdown.

use crate::options::{LoadOptions, ServerOptions};
use crate::page::Page;
use crate::peer::Peer;
use crate::work::{Work, median, sends_of, storm_of, thousands};
use crate::{churn, day, stalled, start};
use std::fmt::Write as _;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,
    #[command(flatten)]
    load: LoadOptions,
    /// How often everything is measured; the table shows medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Messages in the store whose start is timed.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    #[command(flatten)]
    page: Page,
}

/// A line of the table: what, what it is to reach, and what every round said of it.
struct Line {
    work: &'static str,
    figure: &'static str,
    wanted: &'static str,
    show: fn(f64) -> String,
    values: Vec<f64>,
    broken: bool,
}

#[derive(Default)]
struct Table(Vec<Line>);

impl Table {
    fn add(
        &mut self,
        (work, figure, wanted): (&'static str, &'static str, &'static str),
        show: fn(f64) -> String,
        value: f64,
    ) {
        eprintln!("{work}, {figure}: {}", show(value));
        let known = self
            .0
            .iter_mut()
            .find(|line| line.work == work && line.figure == figure);
        match known {
            Some(line) => line.values.push(value),
            None => self.0.push(Line {
                work,
                figure,
                wanted,
                show,
                values: vec![value],
                broken: false,
            }),
        }
    }

    fn broke(&mut self, work: &str, why: &str) {
        eprintln!("{work}: {why}");
        for line in &mut self.0 {
            line.broken |= line.work == work;
        }
    }

    fn markdown(&self, options: &Options) -> String {
        let mut out = format!(
            "Medians of {} rounds of {} s. An asterisk: something was lost, repeated, out of order \
             or cut.\n\n| work | figure | wanted | measured |\n| --- | --- | --- | --- |\n",
            options.rounds, options.load.seconds
        );
        for line in &self.0 {
            let measured = median(line.values.clone()).map_or_else(String::new, line.show);
            let star = if line.broken { "*" } else { "" };
            writeln!(
                out,
                "| {} | {} | {} | {measured}{star} |",
                line.work, line.figure, line.wanted
            )
            .expect("text takes all");
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
        rooms(&mut table, &sqlite, options.load).await?;
        stores(&mut table, &sqlite, options).await?;
        people(&mut table, &sqlite, options.load).await?;
    }
    let start = start::Options {
        server: sqlite,
        messages: options.messages,
    };
    let start = start::run(&start).await?;
    let table = format!("{}\n{start}\n", table.markdown(options));
    println!("{table}");
    options.page.keep("parlor", &table)
}

async fn rooms(table: &mut Table, server: &ServerOptions, load: LoadOptions) -> anyhow::Result<()> {
    for (work, wanted) in [
        (Work::FullRate, "430 k"),
        (Work::OneAtATime, "110 k"),
        (Work::BigRoom, "850 k"),
        (Work::Chat, "45 k"),
    ] {
        let figure = work.run(server, load).await?;
        table.add((work.title(), work.unit(), wanted), thousands, figure.value);
        if work == Work::Chat {
            latencies(table, work.title(), ("2 ms", "10 ms"), figure.p50_p99);
        }
        if let Some(broken) = figure.broken {
            table.broke(work.title(), &broken);
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

async fn stores(
    table: &mut Table,
    sqlite: &ServerOptions,
    options: &Options,
) -> anyhow::Result<()> {
    const UNIT: &str = "acknowledged per server CPU second";
    let figure = sends_of(sqlite, options.load, 50, 16).await?;
    table.add(
        ("sends, 50 × 16 in flight", UNIT, "30 k"),
        thousands,
        figure.value,
    );
    let figure = sends_of(sqlite, options.load, 8, 8).await?;
    latencies(
        table,
        "sends, 64 in flight",
        ("5 ms", "40 ms"),
        figure.p50_p99,
    );
    if options.server.postgres.is_some() {
        let figure = sends_of(&options.server, options.load, 50, 16).await?;
        table.add(
            ("sends on PostgreSQL, 50 × 16 in flight", UNIT, "30 k"),
            thousands,
            figure.value,
        );
    }
    Ok(())
}

async fn people(
    table: &mut Table,
    server: &ServerOptions,
    load: LoadOptions,
) -> anyhow::Result<()> {
    let idle = Work::Idle.run(server, load).await?;
    let title = Work::Idle.title();
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
    let stalled = stalled::run(&stalled::Options::usual(server, load)).await?;
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
        let storm = storm_of(server, count).await?;
        table.add(
            (name, "until all are caught up", wanted),
            seconds,
            storm.value,
        );
        if let Some(broken) = storm.broken {
            table.broke(name, &broken);
        }
    }
    let day = day::run(&day::Options::usual(server, load)).await?;
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
