//! Parlor and its peers in one run: rounds interleaved, medians, ratios, a table and a plot.

use crate::options::{LoadOptions, ServerOptions};
use crate::page::Page;
use crate::peer::Peer;
use crate::plot::{self, Bars};
use crate::work::{Better, Figure, Work, median_figure};
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
    /// Only these loads; the page stays as it is.
    #[arg(long, value_enum, value_delimiter = ',')]
    work: Vec<Work>,
    /// Only these servers; the page stays as it is.
    #[arg(long, value_enum, value_delimiter = ',')]
    peers_only: Vec<Peer>,
    #[command(flatten)]
    page: Page,
}

/// All figures of one server under one load.
struct Cell {
    work: Work,
    peer: Peer,
    figures: Vec<Figure>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let works = chosen(&options.work, &Work::ALL);
    let mut peers = chosen(&options.peers_only, &Peer::ALL);
    peers.retain(|peer| {
        let installed = peer.installed(&options.server.peers);
        if !installed {
            eprintln!("{peer:?} is not installed (bench/peers/install) and left out");
        }
        installed
    });
    let mut cells: Vec<Cell> = works
        .iter()
        .flat_map(|work| {
            peers.iter().map(|peer| Cell {
                work: *work,
                peer: *peer,
                figures: Vec::new(),
            })
        })
        .collect();
    for round in 0..options.rounds {
        // There and back again, so that nobody always follows the same neighbour.
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
    options.page.keep_with_plot("peers", &table, &plot)
}

fn chosen<T: Copy>(asked: &[T], all: &[T]) -> Vec<T> {
    if asked.is_empty() { all } else { asked }.to_vec()
}

/// One figure more; what fails is said and leaves the others standing.
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
        cell.peer.promise().name
    );
    match cell.work.run(&server, options.load).await {
        Ok(figure) => {
            eprintln!("{what}: {}", cell.work.show(figure.value));
            if let Some(broken) = &figure.broken {
                eprintln!("{what}: {broken}");
            }
            cell.figures.push(figure);
        }
        Err(error) => eprintln!("{what}: failed: {error:#}"),
    }
}

fn middle(cells: &[Cell], work: Work, peer: Peer) -> Option<&Figure> {
    let cell = cells
        .iter()
        .find(|cell| cell.work == work && cell.peer == peer)?;
    median_figure(&cell.figures)
}

fn table(works: &[Work], peers: &[Peer], cells: &[Cell], options: &Options) -> String {
    let mut out = format!(
        "Medians of {} rounds of {} s. In brackets: Parlor's figure is so many times as good. An \
         asterisk: something was lost, repeated, out of order or cut.\n\n| server |",
        options.rounds, options.load.seconds
    );
    let mut line = |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("text takes all");
    for work in works {
        line(format_args!(" {}, {} |", work.title(), work.unit()));
    }
    line(format_args!(" durable | order | resume |\n| --- |"));
    for _ in 0..works.len() + 3 {
        line(format_args!(" --- |"));
    }
    for peer in peers {
        let promise = peer.promise();
        line(format_args!("\n| {} |", promise.name));
        for work in works {
            line(format_args!(" {} |", entry(cells, *work, *peer)));
        }
        let (durable, order, resume) = (promise.durable, promise.order, promise.resume);
        line(format_args!(" {durable} | {order} | {resume} |"));
    }
    line(format_args!(
        "\n\nLatency p50 / p99 in milliseconds, and how many per second of the wall clock:\n\n| \
         server |"
    ));
    let timed: Vec<Work> = works
        .iter()
        .copied()
        .filter(|work| work.better() == Better::More)
        .collect();
    for work in &timed {
        line(format_args!(" {} |", work.title()));
    }
    line(format_args!("\n| --- |"));
    for _ in &timed {
        line(format_args!(" --- |"));
    }
    for peer in peers {
        line(format_args!("\n| {} |", peer.promise().name));
        for work in &timed {
            line(format_args!(" {} |", times(middle(cells, *work, *peer))));
        }
    }
    line(format_args!("\n"));
    out
}

fn entry(cells: &[Cell], work: Work, peer: Peer) -> String {
    let Some(figure) = middle(cells, work, peer) else {
        return "–".to_owned();
    };
    let mut text = work.show(figure.value);
    let broken = cells.iter().any(|cell| {
        cell.work == work
            && cell.peer == peer
            && cell.figures.iter().any(|figure| figure.broken.is_some())
    });
    if broken {
        text.push('*');
    }
    if peer == Peer::Parlor {
        return format!("**{text}**");
    }
    if let Some(parlor) = middle(cells, work, Peer::Parlor) {
        let ratio = match work.better() {
            Better::More => parlor.value / figure.value,
            Better::Less => figure.value / parlor.value,
        };
        write!(text, " ({ratio:.2})").expect("text takes all");
    }
    text
}

fn times(figure: Option<&Figure>) -> String {
    let Some(figure) = figure else {
        return "–".to_owned();
    };
    let (p50, p99) = figure.p50_p99.unwrap_or_default();
    let per_s = crate::work::thousands(figure.per_s.unwrap_or_default());
    format!("{p50:.1} / {p99:.1}, {per_s}")
}

fn chart(works: &[Work], peers: &[Peer], cells: &[Cell]) -> String {
    let panels: Vec<Bars> = works
        .iter()
        .map(|work| Bars {
            title: format!("{}: {}", work.title(), work.unit()),
            bars: peers
                .iter()
                .filter_map(|peer| {
                    let figure = middle(cells, *work, *peer)?;
                    let name = peer.promise().name.to_owned();
                    Some((name, figure.value, work.show(figure.value)))
                })
                .collect(),
        })
        .collect();
    plot::bars(&panels)
}
