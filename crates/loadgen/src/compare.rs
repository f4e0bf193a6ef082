//! Compares Parlor with other servers in interleaved rounds: medians, ratios, a table and a plot.

use crate::options::{LoadOptions, ServerOptions};
use crate::page::Page;
use crate::peer::Peer;
use crate::plot::{self, BarChart};
use crate::workload::{Direction, Measurement, Workload, median_measurement};
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
    /// Measure only these loads; does not update the page.
    #[arg(long, value_enum, value_delimiter = ',')]
    work: Vec<Workload>,
    /// Measure only these servers; does not update the page.
    #[arg(long, value_enum, value_delimiter = ',')]
    peers_only: Vec<Peer>,
    #[command(flatten)]
    page: Page,
}

/// All measurements of one server under one load.
struct Cell {
    work: Workload,
    peer: Peer,
    measurements: Vec<Measurement>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let works = chosen(&options.work, &Workload::ALL);
    let mut peers = chosen(&options.peers_only, &Peer::ALL);
    peers.retain(|peer| {
        let installed = peer.is_installed(&options.server.peers);
        if !installed {
            eprintln!("{peer:?} is not installed, skipping it (run bench/peers/install)");
        }
        installed
    });
    let mut cells: Vec<Cell> = works
        .iter()
        .flat_map(|work| {
            peers.iter().map(|peer| Cell {
                work: *work,
                peer: *peer,
                measurements: Vec::new(),
            })
        })
        .collect();
    for round in 0..options.rounds {
        // Alternate the order, so that no server always follows the same neighbour.
        if round % 2 == 1 {
            cells.reverse();
        }
        for cell in &mut cells {
            measure(cell, round, options).await;
        }
        if round % 2 == 1 {
            cells.reverse();
        }
    }
    let table = table(&works, &peers, &cells, options);
    println!("{table}");
    if !options.work.is_empty() || !options.peers_only.is_empty() {
        return Ok(());
    }
    let plot = chart(&works, &peers, &cells);
    options.page.update_with_plot("peers", &table, &plot)
}

fn chosen<T: Copy>(asked: &[T], all: &[T]) -> Vec<T> {
    if asked.is_empty() { all } else { asked }.to_vec()
}

/// Adds one measurement; logs a failure and goes on.
async fn measure(cell: &mut Cell, round: usize, options: &Options) {
    if !cell.work.supported_by(cell.peer) {
        return;
    }
    let server = ServerOptions {
        peer: cell.peer,
        ..options.server.clone()
    };
    let what = format!(
        "round {} of {}, {}, {}",
        round + 1,
        options.rounds,
        cell.work.title(),
        cell.peer.guarantees().name
    );
    match cell.work.run(&server, options.load).await {
        Ok(figure) => {
            eprintln!("{what}: {}", cell.work.format(figure.value));
            if let Some(broken) = &figure.broken {
                eprintln!("{what}: {broken}");
            }
            cell.measurements.push(figure);
        }
        Err(error) => eprintln!("{what}: failed: {error:#}"),
    }
}

fn median_of(cells: &[Cell], work: Workload, peer: Peer) -> Option<&Measurement> {
    let cell = cells
        .iter()
        .find(|cell| cell.work == work && cell.peer == peer)?;
    median_measurement(&cell.measurements)
}

fn table(works: &[Workload], peers: &[Peer], cells: &[Cell], options: &Options) -> String {
    let mut out = format!(
        "Medians of {} rounds of {} s. In brackets: how many times better Parlor is. An asterisk: \
         messages were lost, repeated or out of order, or a connection was closed.\n\n| server |",
        options.rounds, options.load.seconds
    );
    let mut line =
        |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("writing to a string succeeds");
    for work in works {
        line(format_args!(" {}, {} |", work.title(), work.unit()));
    }
    line(format_args!(" durable | order | resume |\n| --- |"));
    for _ in 0..works.len() + 3 {
        line(format_args!(" --- |"));
    }
    for peer in peers {
        let guarantees = peer.guarantees();
        line(format_args!("\n| {} |", guarantees.name));
        for work in works {
            line(format_args!(" {} |", cell_text(cells, *work, *peer)));
        }
        let (durable, order, resume) = (guarantees.durable, guarantees.order, guarantees.resume);
        line(format_args!(" {durable} | {order} | {resume} |"));
    }
    line(format_args!(
        "\n\nLatency p50 / p99 in milliseconds, and throughput per second of wall-clock time:\n\n| \
         server |"
    ));
    let timed: Vec<Workload> = works
        .iter()
        .copied()
        .filter(|work| work.direction() == Direction::HigherIsBetter)
        .collect();
    for work in &timed {
        line(format_args!(" {} |", work.title()));
    }
    line(format_args!("\n| --- |"));
    for _ in &timed {
        line(format_args!(" --- |"));
    }
    for peer in peers {
        line(format_args!("\n| {} |", peer.guarantees().name));
        for work in &timed {
            line(format_args!(
                " {} |",
                latency_text(median_of(cells, *work, *peer))
            ));
        }
    }
    line(format_args!("\n"));
    out
}

fn cell_text(cells: &[Cell], work: Workload, peer: Peer) -> String {
    let Some(figure) = median_of(cells, work, peer) else {
        return "–".to_owned();
    };
    let mut text = work.format(figure.value);
    let broken = cells.iter().any(|cell| {
        cell.work == work
            && cell.peer == peer
            && cell
                .measurements
                .iter()
                .any(|figure| figure.broken.is_some())
    });
    if broken {
        text.push('*');
    }
    if peer == Peer::Parlor {
        return format!("**{text}**");
    }
    if let Some(parlor) = median_of(cells, work, Peer::Parlor) {
        let ratio = match work.direction() {
            Direction::HigherIsBetter => parlor.value / figure.value,
            Direction::LowerIsBetter => figure.value / parlor.value,
        };
        write!(text, " ({ratio:.2})").expect("writing to a string succeeds");
    }
    text
}

fn latency_text(figure: Option<&Measurement>) -> String {
    let Some(figure) = figure else {
        return "–".to_owned();
    };
    let (p50, p99) = figure.p50_p99.unwrap_or_default();
    let per_s = crate::workload::thousands(figure.per_s.unwrap_or_default());
    format!("{p50:.1} / {p99:.1}, {per_s}")
}

fn chart(works: &[Workload], peers: &[Peer], cells: &[Cell]) -> String {
    let panels: Vec<BarChart> = works
        .iter()
        .map(|work| BarChart {
            title: format!("{}: {}", work.title(), work.unit()),
            bars: peers
                .iter()
                .filter_map(|peer| {
                    let figure = median_of(cells, *work, *peer)?;
                    let name = peer.guarantees().name.to_owned();
                    Some((name, figure.value, work.format(figure.value)))
                })
                .collect(),
        })
        .collect();
    plot::bars(&panels)
}
