//! Histograms: counters between fixed bounds, cheap enough for every loan of a connection.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts values between bounds. Takes `&self`, so it can be shared.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [u64],
    /// One more than there are bounds: the last counts what lies above all of them.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    max: AtomicU64,
}

/// What a histogram has counted so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramSnapshot {
    /// Upper bounds of the counts, inclusive, ascending.
    pub bounds: &'static [u64],
    /// How many values lay within each bound and above the one before; the last has no bound and
    /// counts the rest.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
    /// The greatest value; 0 if there is none.
    pub max: u64,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
            max: AtomicU64::new(0),
        }
    }

    pub(crate) fn record(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
        self.max.fetch_max(value, Ordering::Relaxed);
    }

    pub(crate) fn spread(&self) -> HistogramSnapshot {
        let counts = self.counts.iter();
        HistogramSnapshot {
            bounds: self.bounds,
            counts: counts.map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: self.sum.load(Ordering::Relaxed),
            max: self.max.load(Ordering::Relaxed),
        }
    }
}

impl HistogramSnapshot {
    /// The number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The mean of the values, rounded down; 0 if there are none.
    #[must_use]
    pub fn mean(&self) -> u64 {
        self.sum.checked_div(self.count()).unwrap_or(0)
    }

    /// Returns an upper limit for this share of the values (per thousand): the bound of the count
    /// in which it lies, or the greatest value if that is less.
    #[must_use]
    pub fn quantile(&self, per_mille: u64) -> u64 {
        let wanted = (self.count() * per_mille).div_ceil(1_000);
        let mut seen = 0;
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            seen += count;
            if seen >= wanted {
                return self.max.min(*bound);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn a_value_counts_under_the_first_bound_that_holds_it() {
        let histogram = Histogram::new(&[1, 10, 100]);
        for value in [0, 1, 2, 10, 11, 1_000] {
            histogram.record(value);
        }
        let spread = histogram.spread();
        assert_eq!(spread.counts, [2, 2, 1, 1]);
        assert_eq!((spread.count(), spread.sum, spread.max), (6, 1_024, 1_000));
        assert_eq!(spread.mean(), 170);
    }

    #[test]
    fn a_quantile_is_the_bound_it_fell_under_and_never_above_the_greatest() {
        let histogram = Histogram::new(&[10, 100]);
        assert_eq!(histogram.spread().quantile(990), 0, "nothing yet");
        for _ in 0..99 {
            histogram.record(3);
        }
        histogram.record(50);
        let spread = histogram.spread();
        assert_eq!(spread.quantile(500), 10);
        assert_eq!(spread.quantile(990), 10);
        assert_eq!(spread.quantile(1_000), 50);
    }
}
