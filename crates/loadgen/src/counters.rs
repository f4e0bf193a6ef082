//! What the event loops count.

use hdrhistogram::Histogram;
use std::fmt;
use std::time::Duration;

/// Violations, counted over a whole run including warm-up and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Messages that a receiver never received.
    pub(crate) lost: u64,
    /// Messages that a receiver received twice, or after a later one of the same publisher.
    pub(crate) repeated: u64,
    /// Sequence numbers that did not follow the last one.
    pub(crate) disordered: u64,
    /// Refused commands, and gaps that the server reported.
    pub(crate) refused: u64,
    /// Connections that the server closed, and the highest close code.
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

/// Counters of one thread or of all.
pub(crate) struct Counters {
    /// Counted in the measuring phase only, as are the next two.
    pub(crate) sent: u64,
    pub(crate) deliveries: u64,
    pub(crate) acked: u64,
    /// µs from a send to each delivery or to its acknowledgement, as the plan says.
    pub(crate) latency: Histogram<u64>,
    pub(crate) faults: Faults,
}

impl Counters {
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
            .expect("histograms with the same bounds");
        self.faults.add(&other.faults);
    }
}

/// The result of a measured load.
pub(crate) struct Outcome {
    pub(crate) counters: Counters,
    pub(crate) wall: Duration,
    pub(crate) server_cpu: Duration,
    pub(crate) own_cpu: Duration,
    pub(crate) resident: u64,
}

impl Outcome {
    pub(crate) fn deliveries_per_cpu_s(&self) -> f64 {
        float(self.counters.deliveries) / self.server_cpu.as_secs_f64()
    }

    pub(crate) fn deliveries_per_s(&self) -> f64 {
        float(self.counters.deliveries) / self.wall.as_secs_f64()
    }

    pub(crate) fn acked_per_cpu_s(&self) -> f64 {
        float(self.counters.acked) / self.server_cpu.as_secs_f64()
    }

    pub(crate) fn acked_per_s(&self) -> f64 {
        float(self.counters.acked) / self.wall.as_secs_f64()
    }

    pub(crate) fn cpu_us_per_send(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / float(self.counters.acked)
    }

    pub(crate) fn ms_at(&self, quantile: f64) -> f64 {
        float(self.counters.latency.value_at_quantile(quantile)) / 1e3
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:.0} sends/s, {:.0} acked/s ({:.0} per server CPU second), {:.0} deliveries/s \
             ({:.0} per server CPU second)",
            float(self.counters.sent) / self.wall.as_secs_f64(),
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
            float(self.counters.latency.max()) / 1e3
        )?;
        write!(
            f,
            "server: {:.0} % of a core, {:.1} MiB resident; generator: {:.0} % of a core, {:.2} µs \
             per delivery; {}",
            100.0 * self.server_cpu.as_secs_f64() / self.wall.as_secs_f64(),
            float(self.resident) / 1_048_576.0,
            100.0 * self.own_cpu.as_secs_f64() / self.wall.as_secs_f64(),
            self.own_cpu.as_secs_f64() * 1e6 / float(self.counters.deliveries.max(1)),
            self.counters.faults,
        )
    }
}

/// Returns a histogram of microseconds up to two minutes; longer values count as two minutes.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000, 3).expect("valid bounds")
}

/// Converts for display: no value here comes near 2^53.
#[expect(clippy::cast_precision_loss, reason = "values for display")]
pub(crate) const fn float(n: u64) -> f64 {
    n as f64
}
