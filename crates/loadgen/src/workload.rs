//! The loads that are compared, one per column of docs/benchmarks.md.

use crate::counters::Outcome;
use crate::options::{LoadOptions, ServerOptions};
use crate::peer::Peer;
use crate::{fanout, idle, sends, storm};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Workload {
    /// 10 rooms of 50, one sender each, four messages outstanding.
    FullRate,
    /// The same with one message outstanding.
    OneAtATime,
    /// One room of 1,000, four senders, two messages outstanding each.
    BigRoom,
    /// 100 rooms of 10, 1,000 messages per second.
    Chat,
    /// 50 clients with 16 sends in flight.
    Sends,
    /// 10,000 connections in rooms of 50.
    Idle,
    /// 2,000 clients reconnect at once.
    Storm,
}

/// Whether higher or lower values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    HigherIsBetter,
    LowerIsBetter,
}

/// The result of one run of a workload.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    /// The value to compare, in [`Workload::unit`].
    pub(crate) value: f64,
    /// Throughput per second of wall-clock time; `None` for idle connections and the storm.
    pub(crate) per_s: Option<f64>,
    /// Latency percentiles in milliseconds.
    pub(crate) p50_p99: Option<(f64, f64)>,
    /// What was lost, repeated, out of order or closed.
    pub(crate) broken: Option<String>,
}

impl Workload {
    pub(crate) const ALL: [Self; 7] = [
        Self::FullRate,
        Self::OneAtATime,
        Self::BigRoom,
        Self::Chat,
        Self::Sends,
        Self::Idle,
        Self::Storm,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::FullRate => "full rate",
            Self::OneAtATime => "one at a time",
            Self::BigRoom => "room of 1,000",
            Self::Chat => "chat",
            Self::Sends => "acknowledged sends",
            Self::Idle => "idle connection",
            Self::Storm => "2,000 come back",
        }
    }

    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::FullRate | Self::OneAtATime | Self::BigRoom | Self::Chat => {
                "deliveries per server CPU second"
            }
            Self::Sends => "acknowledged per server CPU second",
            Self::Idle => "KiB resident each",
            Self::Storm => "seconds",
        }
    }

    pub(crate) const fn direction(self) -> Direction {
        match self {
            Self::Idle | Self::Storm => Direction::LowerIsBetter,
            _ => Direction::HigherIsBetter,
        }
    }

    /// Returns whether a peer's result under this load is meaningful: NATS acknowledges nothing, the floor accepts
    /// one connection after the other, and coming back is measured by Parlor's own protocol.
    pub(crate) fn supported_by(self, peer: Peer) -> bool {
        match self {
            Self::Sends => peer.protocol().has_acks(),
            Self::Idle => !matches!(peer, Peer::Floor | Peer::FloorStored),
            Self::Storm => !matches!(peer, Peer::Floor | Peer::FloorStored | Peer::ParlorSocketIo),
            _ => true,
        }
    }

    /// Formats a value with its unit.
    pub(crate) fn format(self, value: f64) -> String {
        match self {
            Self::Idle => format!("{value:.1} KiB"),
            Self::Storm => format!("{value:.2} s"),
            _ => thousands(value),
        }
    }

    pub(crate) async fn run(
        self,
        server: &ServerOptions,
        load: LoadOptions,
    ) -> anyhow::Result<Measurement> {
        let rooms = |rooms, members, publishers, outstanding, rate| fanout::Options {
            server: server.clone(),
            load,
            rooms,
            members,
            publishers,
            outstanding,
            rate,
        };
        match self {
            Self::FullRate => run_fanout(&rooms(10, 50, 1, 4, None)).await,
            Self::OneAtATime => run_fanout(&rooms(10, 50, 1, 1, None)).await,
            Self::BigRoom => run_fanout(&rooms(1, 1_000, 4, 2, None)).await,
            Self::Chat => run_fanout(&rooms(100, 10, 1, 1, Some(1_000.0))).await,
            Self::Sends => run_sends(server, load, 50, 16).await,
            Self::Idle => {
                let options = idle::Options {
                    server: server.clone(),
                    connections: 10_000,
                    room_size: 50,
                };
                let report = idle::run(&options).await?;
                Ok(Measurement {
                    value: report.kib_per_connection(),
                    per_s: None,
                    p50_p99: None,
                    broken: None,
                })
            }
            Self::Storm => run_storm(server, 2_000).await,
        }
    }
}

async fn run_fanout(options: &fanout::Options) -> anyhow::Result<Measurement> {
    let outcome = fanout::run(options).await?;
    let value = outcome.deliveries_per_cpu_s();
    let per_s = outcome.deliveries_per_s();
    Ok(measurement(&outcome, value, per_s))
}

/// Measures `clients` with `in_flight` sends each.
pub(crate) async fn run_sends(
    server: &ServerOptions,
    load: LoadOptions,
    clients: usize,
    in_flight: u64,
) -> anyhow::Result<Measurement> {
    let options = sends::Options {
        server: server.clone(),
        load,
        clients,
        in_flight,
    };
    let outcome = sends::run(&options).await?;
    let value = outcome.acked_per_cpu_s();
    Ok(measurement(&outcome, value, outcome.acked_per_s()))
}

/// Measures how long `connections` clients take to reconnect and catch up.
pub(crate) async fn run_storm(
    server: &ServerOptions,
    connections: usize,
) -> anyhow::Result<Measurement> {
    let options = storm::Options {
        server: server.clone(),
        connections,
        members: 50,
        missed: 20,
        at_once: None,
    };
    let report = storm::run(&options).await?;
    Ok(Measurement {
        value: report.seconds(),
        per_s: None,
        p50_p99: None,
        broken: (report.failed() > 0).then(|| report.to_string()),
    })
}

fn measurement(outcome: &Outcome, value: f64, per_s: f64) -> Measurement {
    let faults = outcome.counters.faults;
    Measurement {
        value,
        per_s: Some(per_s),
        p50_p99: Some((outcome.ms_at(0.5), outcome.ms_at(0.99))),
        broken: faults.any().then(|| faults.to_string()),
    }
}

/// Formats 467513.2 as `468 k` and 2410528 as `2.41 M`.
pub(crate) fn thousands(value: f64) -> String {
    match value {
        small if small < 10_000.0 => format!("{small:.0}"),
        middle if middle < 1e6 => format!("{:.0} k", middle / 1e3),
        large => format!("{:.2} M", large / 1e6),
    }
}

/// Returns the median; of two middle values the lower.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len().checked_sub(1)? / 2;
    values.get(middle).copied()
}

/// Returns the measurement with the median value.
pub(crate) fn median_measurement(measurements: &[Measurement]) -> Option<&Measurement> {
    let middle = median(measurements.iter().map(|one| one.value).collect())?;
    measurements
        .iter()
        .find(|one| one.value.total_cmp(&middle).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_one_of_the_values() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(1.0));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn large_figures_are_shortened() {
        assert_eq!(thousands(467_513.2), "468 k");
        assert_eq!(thousands(2_410_528.0), "2.41 M");
        assert_eq!(thousands(744.0), "744");
    }
}
