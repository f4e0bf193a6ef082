//! What the hot loop counts.

use hdrhistogram::Histogram;
use std::fmt;
use std::time::Duration;

/// What must not happen. Kept over a whole run, warm-up and end included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Messages that a receiver never got.
    pub(crate) lost: u64,
    /// Messages that a receiver got again or after a later one of the same publisher.
    pub(crate) repeated: u64,
    /// Numbers of the server that did not follow the last one.
    pub(crate) disordered: u64,
    /// Commands declined, and holes the server spoke of.
    pub(crate) refused: u64,
    /// Connections that the server closed, and the last code.
    pub(crate) closed: u64,
    pub(crate) close_code: u16,
}

impl Faults {
    pub(crate) fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.disordered += other.disordered;
        self.refused += other.refused;
        self.closed += other.closed;
        self.close_code = self.close_code.max(other.close_code);
    }

    pub(crate) fn any(&self) -> bool {
        *self != Self::default()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.any() {
            return write!(f, "nothing lost, repeated or out of order");
        }
        write!(
            f,
            "BROKEN: {} lost, {} repeated, {} out of order, {} refused, {} closed (last {})",
            self.lost, self.repeated, self.disordered, self.refused, self.closed, self.close_code
        )
    }
}

/// Counts of one thread or of all.
pub(crate) struct Tally {
    /// While measuring only.
    pub(crate) sent: u64,
    pub(crate) deliveries: u64,
    pub(crate) acked: u64,
    /// µs from a send to each delivery, or to the acknowledgement, as the plan says.
    pub(crate) latency: Histogram<u64>,
    pub(crate) faults: Faults,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            sent: 0,
            deliveries: 0,
            acked: 0,
            latency: latencies(),
            faults: Faults::default(),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.deliveries += other.deliveries;
        self.acked += other.acked;
        self.latency
            .add(&other.latency)
            .expect("histograms of one shape");
        self.faults.add(&other.faults);
    }
}

/// A measured load.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) wall: Duration,
    pub(crate) server_cpu: Duration,
    pub(crate) own_cpu: Duration,
    pub(crate) resident: u64,
}

impl Outcome {
    pub(crate) fn deliveries_per_cpu_s(&self) -> f64 {
        float(self.tally.deliveries) / self.server_cpu.as_secs_f64()
    }

    pub(crate) fn deliveries_per_s(&self) -> f64 {
        float(self.tally.deliveries) / self.wall.as_secs_f64()
    }

    pub(crate) fn acked_per_cpu_s(&self) -> f64 {
        float(self.tally.acked) / self.server_cpu.as_secs_f64()
    }

    pub(crate) fn acked_per_s(&self) -> f64 {
        float(self.tally.acked) / self.wall.as_secs_f64()
    }

    pub(crate) fn cpu_us_per_send(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / float(self.tally.acked)
    }

    pub(crate) fn ms_at(&self, quantile: f64) -> f64 {
        float(self.tally.latency.value_at_quantile(quantile)) / 1e3
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:.0} sends/s, {:.0} acked/s ({:.0} per server CPU second), {:.0} deliveries/s \
             ({:.0} per server CPU second)",
            float(self.tally.sent) / self.wall.as_secs_f64(),
            self.acked_per_s(),
            self.acked_per_cpu_s(),
            self.deliveries_per_s(),
            self.deliveries_per_cpu_s(),
        )?;
        writeln!(
            f,
            "p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, highest {:.1} ms",
            self.ms_at(0.5),
            self.ms_at(0.9),
            self.ms_at(0.99),
            self.ms_at(0.999),
            float(self.tally.latency.max()) / 1e3
        )?;
        write!(
            f,
            "server: {:.0} % of a core, {:.1} MiB resident; generator: {:.0} % of a core, {:.2} µs \
             per delivery; {}",
            100.0 * self.server_cpu.as_secs_f64() / self.wall.as_secs_f64(),
            float(self.resident) / 1_048_576.0,
            100.0 * self.own_cpu.as_secs_f64() / self.wall.as_secs_f64(),
            self.own_cpu.as_secs_f64() * 1e6 / float(self.tally.deliveries.max(1)),
            self.tally.faults,
        )
    }
}

/// Microseconds up to two minutes; what is longer counts as that.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000, 3).expect("bounds that are allowed")
}

/// For people: no figure here comes near 2^53.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) const fn float(n: u64) -> f64 {
    n as f64
}
