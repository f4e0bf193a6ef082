//! Whether anything bends: deliveries, sends and memory against connections, rooms, room size and
//! what is stored.

use crate::crowd::{Crowd, Shape};
use crate::options::{LoadOptions, ServerOptions};
use crate::page::Page;
use crate::plan::{Goal, Pace, Plan};
use crate::plot::{self, Lines};
use crate::tally::{Outcome, float};
use crate::target::Target;
use crate::work::thousands;
use crate::{load, sends};
use std::fmt::Write as _;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,
    #[command(flatten)]
    load: LoadOptions,
    /// Three small points of each series, to see that it runs; the page stays as it is.
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    page: Page,
}

/// One point: how many, and what was seen.
struct Point {
    x: u64,
    outcome: Outcome,
}

struct Series {
    title: &'static str,
    x: &'static str,
    /// Acknowledged sends, or deliveries.
    goal: Goal,
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
            goal: Goal::Delivery,
            points: crowds(options, &steps(&[100, 300, 1_000, 3_000, 10_000]), |n| {
                (Shape::new(n / 10, 10, 1), OPEN)
            })
            .await?,
        },
        Series {
            title: "Rooms, of one member each, 500 messages per second in all",
            x: "rooms",
            goal: Goal::Delivery,
            points: crowds(options, &steps(&[1, 10, 100, 1_000, 10_000]), |n| {
                (Shape::new(n, 1, 1), OPEN)
            })
            .await?,
        },
        Series {
            // Several would share more or fewer writes, by how they fall into step.
            title: "Members of one room, one sender, one message outstanding",
            x: "members",
            goal: Goal::Delivery,
            points: crowds(options, &steps(&[10, 100, 1_000, 3_000, 10_000]), |n| {
                (Shape::new(1, n, 1), Pace::Closed { outstanding: 1 })
            })
            .await?,
        },
        Series {
            title: "Stored messages, 50 senders with 16 in flight",
            x: "messages stored",
            goal: Goal::Ack,
            points: stored(
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
        .keep_with_plot("growth", &table, &chart(&series))
}

const OPEN: Pace = Pace::Open { per_s: 500.0 };

async fn crowds(
    options: &Options,
    steps: &[u64],
    shape: impl Fn(usize) -> (Shape, Pace),
) -> anyhow::Result<Vec<Point>> {
    let mut points = Vec::new();
    for x in steps {
        let target = Target::start(&options.server).await?;
        let (shape, pace) = shape(usize::try_from(*x)?);
        let crowd = Crowd::seat(&target, shape).await?;
        let plan = Plan::new(pace, Goal::Delivery);
        let outcome = load::measure(&target, crowd, plan, options.load.spell(), 1).await?;
        eprintln!("{x}: {outcome}");
        points.push(Point { x: *x, outcome });
    }
    Ok(points)
}

/// One store that grows.
async fn stored(options: &Options, steps: &[u64]) -> anyhow::Result<Vec<Point>> {
    let target = Target::start(&options.server).await?;
    let load = sends::Options {
        server: options.server.clone(),
        load: options.load,
        clients: 50,
        in_flight: 16,
    };
    let (mut points, mut there) = (Vec::new(), 0);
    for x in steps {
        if *x > there {
            eprintln!("storing up to {x} messages");
            sends::store(&target, x - there).await?;
        }
        let outcome = sends::on(&target, &load).await?;
        eprintln!("{x}: {outcome}");
        // What was measured is stored too; the warm-up's share is a fourth of it.
        there = x + outcome.tally.acked * 5 / 4;
        points.push(Point { x: *x, outcome });
    }
    Ok(points)
}

impl Point {
    fn value(&self, goal: Goal) -> f64 {
        match goal {
            Goal::Delivery => self.outcome.deliveries_per_cpu_s(),
            Goal::Ack => self.outcome.acked_per_cpu_s(),
        }
    }

    fn mib(&self) -> f64 {
        float(self.outcome.resident) / 1_048_576.0
    }
}

const fn unit(goal: Goal) -> &'static str {
    match goal {
        Goal::Delivery => "deliveries per CPU s",
        Goal::Ack => "acknowledged per CPU s",
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
            unit(one.goal)
        )
        .expect("text takes all");
        for point in &one.points {
            let star = if point.outcome.tally.faults.any() {
                "*"
            } else {
                ""
            };
            writeln!(
                out,
                "| {} | {}{star} | {:.0} | {:.2} ms | {:.2} ms | {:.0} |",
                point.x,
                thousands(point.value(one.goal)),
                point.outcome.cpu_us_per_send(),
                point.outcome.ms_at(0.5),
                point.outcome.ms_at(0.99),
                point.mib()
            )
            .expect("text takes all");
        }
        out.push('\n');
    }
    out
}

fn chart(series: &[Series]) -> String {
    let panels: Vec<Lines> = series
        .iter()
        .map(|one| {
            let line = |value: &dyn Fn(&Point) -> f64| -> Vec<(f64, f64)> {
                let points = one.points.iter();
                points.map(|point| (float(point.x), value(point))).collect()
            };
            Lines {
                title: one.title.to_owned(),
                x: one.x.to_owned(),
                curves: vec![
                    (
                        unit(one.goal).to_owned(),
                        line(&|point| point.value(one.goal)),
                    ),
                    ("MiB resident".to_owned(), line(&Point::mib)),
                ],
            }
        })
        .collect();
    plot::lines(&panels)
}
