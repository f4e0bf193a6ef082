//! How deliveries, sends and memory scale with connections, rooms, room size and stored messages.

use crate::counters::{Outcome, float};
use crate::fleet::{Fleet, Layout};
use crate::options::{LoadOptions, ServerOptions};
use crate::page::Page;
use crate::plan::{Completion, Pace, Plan};
use crate::plot::{self, LineChart};
use crate::target::Target;
use crate::workload::thousands;
use crate::{load, sends};
use std::fmt::Write as _;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,
    #[command(flatten)]
    load: LoadOptions,
    /// Measure only the first three points of each series; does not update the page.
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    page: Page,
}

/// One measured point of a series.
struct Point {
    x: u64,
    outcome: Outcome,
}

struct Series {
    title: &'static str,
    x: &'static str,
    /// Whether the series counts deliveries or acknowledged sends.
    completion: Completion,
    points: Vec<Point>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let steps = |all: &[u64]| -> Vec<u64> {
        let wanted = if options.quick { 3 } else { all.len() };
        all.iter().copied().take(wanted).collect()
    };
    let series = [
        Series {
            title: "Connections, in rooms of 10, 500 messages per second in all",
            x: "connections",
            completion: Completion::Delivery,
            points: layouts(options, &steps(&[100, 300, 1_000, 3_000, 10_000]), |n| {
                (Layout::new(n / 10, 10, 1), OPEN)
            })
            .await?,
        },
        Series {
            title: "Rooms, of one member each, 500 messages per second in all",
            x: "rooms",
            completion: Completion::Delivery,
            points: layouts(options, &steps(&[1, 10, 100, 1_000, 10_000]), |n| {
                (Layout::new(n, 1, 1), OPEN)
            })
            .await?,
        },
        Series {
            // Several senders would share more or fewer writes, depending on how they synchronise.
            title: "Members of one room, one sender, one message outstanding",
            x: "members",
            completion: Completion::Delivery,
            points: layouts(options, &steps(&[10, 100, 1_000, 3_000, 10_000]), |n| {
                (Layout::new(1, n, 1), Pace::Closed { outstanding: 1 })
            })
            .await?,
        },
        Series {
            title: "Stored messages, 50 senders with 16 in flight",
            x: "messages stored",
            completion: Completion::Ack,
            points: stored_messages(
                options,
                &steps(&[10_000, 100_000, 300_000, 1_000_000, 5_000_000]),
            )
            .await?,
        },
    ];
    let table = table(&series);
    println!("{table}");
    if options.quick {
        return Ok(());
    }
    options
        .page
        .update_with_plot("growth", &table, &chart(&series))
}

const OPEN: Pace = Pace::Open { per_s: 500.0 };

async fn layouts(
    options: &Options,
    steps: &[u64],
    layout: impl Fn(usize) -> (Layout, Pace),
) -> anyhow::Result<Vec<Point>> {
    let mut points = Vec::new();
    for x in steps {
        let target = Target::start(&options.server).await?;
        let (layout, pace) = layout(usize::try_from(*x)?);
        let fleet = Fleet::connect(&target, layout).await?;
        let plan = Plan::new(pace, Completion::Delivery);
        let outcome = load::measure(&target, fleet, plan, options.load.timing(), 1).await?;
        eprintln!("{x}: {outcome}");
        points.push(Point { x: *x, outcome });
    }
    Ok(points)
}

/// Measures sends on one store that grows.
async fn stored_messages(options: &Options, steps: &[u64]) -> anyhow::Result<Vec<Point>> {
    let target = Target::start(&options.server).await?;
    let load = sends::Options {
        server: options.server.clone(),
        load: options.load,
        clients: 50,
        in_flight: 16,
    };
    let (mut points, mut stored) = (Vec::new(), 0);
    for x in steps {
        if *x > stored {
            eprintln!("storing up to {x} messages");
            sends::store(&target, x - stored).await?;
        }
        let outcome = sends::measure(&target, &load).await?;
        eprintln!("{x}: {outcome}");
        // The measured messages are stored too, and a quarter more by the warm-up.
        stored = x + outcome.counters.acked * 5 / 4;
        points.push(Point { x: *x, outcome });
    }
    Ok(points)
}

impl Point {
    fn value(&self, completion: Completion) -> f64 {
        match completion {
            Completion::Delivery => self.outcome.deliveries_per_cpu_s(),
            Completion::Ack => self.outcome.acked_per_cpu_s(),
        }
    }

    fn mib(&self) -> f64 {
        float(self.outcome.resident) / 1_048_576.0
    }
}

const fn unit(completion: Completion) -> &'static str {
    match completion {
        Completion::Delivery => "deliveries per CPU s",
        Completion::Ack => "acknowledged per CPU s",
    }
}

fn table(series: &[Series]) -> String {
    let mut out = String::new();
    for one in series {
        write!(
            out,
            "**{}**\n\n| {} | {} | CPU µs per send | p50 | p99 | MiB resident |\n\
             | --- | --- | --- | --- | --- | --- |\n",
            one.title,
            one.x,
            unit(one.completion)
        )
        .expect("writing to a string succeeds");
        for point in &one.points {
            let star = if point.outcome.counters.faults.any() {
                "*"
            } else {
                ""
            };
            writeln!(
                out,
                "| {} | {}{star} | {:.0} | {:.2} ms | {:.2} ms | {:.0} |",
                point.x,
                thousands(point.value(one.completion)),
                point.outcome.cpu_us_per_send(),
                point.outcome.ms_at(0.5),
                point.outcome.ms_at(0.99),
                point.mib()
            )
            .expect("writing to a string succeeds");
        }
        out.push('\n');
    }
    out
}

fn chart(series: &[Series]) -> String {
    let panels: Vec<LineChart> = series
        .iter()
        .map(|one| {
            let line = |value: &dyn Fn(&Point) -> f64| -> Vec<(f64, f64)> {
                let points = one.points.iter();
                points.map(|point| (float(point.x), value(point))).collect()
            };
            LineChart {
                title: one.title.to_owned(),
                x: one.x.to_owned(),
                curves: vec![
                    (
                        unit(one.completion).to_owned(),
                        line(&|point| point.value(one.completion)),
                    ),
                    ("MiB resident".to_owned(), line(&Point::mib)),
                ],
            }
        })
        .collect();
    plot::lines(&panels)
}
