//! How long sends take, as seen by a subscriber.
//!
//! Measured from when the server accepted a message (the `at` of its entry) to when the event of
//! its commit reached this subscriber. The acknowledgement is sent right after that event, so this
//! covers the wait for the lane and the commit, plus a little delay of our own.

use std::collections::BTreeMap;

/// The inclusive upper bounds of the buckets, in ms; a last bucket without a bound holds the rest.
pub(crate) const BOUNDS_MS: [i64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// The most hours kept while they cannot be written.
const HOURS_MAX: usize = 48;

const HOUR_MS: i64 = 3_600_000;

/// The number of sends by hour and bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Latencies(BTreeMap<i64, [i64; BOUNDS_MS.len() + 1]>);

impl Latencies {
    /// Records a send accepted and seen at these times, in milliseconds since 1970.
    pub(crate) fn record(&mut self, accepted: i64, seen: i64) {
        let took = seen.saturating_sub(accepted);
        let bucket = BOUNDS_MS.partition_point(|bound| *bound < took);
        let sends = self.0.entry(seen.div_euclid(HOUR_MS)).or_default();
        sends[bucket] += 1;
    }

    /// Adds latencies that could not be written; keeps only the newest hours.
    pub(crate) fn merge(&mut self, other: Self) {
        for (hour, sends) in other.0 {
            let mine = self.0.entry(hour).or_default();
            mine.iter_mut().zip(sends).for_each(|(sum, n)| *sum += n);
        }
        while self.0.len() > HOURS_MAX {
            self.0.pop_first();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns hour, bucket and number of sends, where that is not zero.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (i64, i64, i64)> + '_ {
        self.0.iter().flat_map(|(hour, sends)| {
            let buckets = (0..).zip(sends);
            buckets
                .filter(|(_, sends)| **sends > 0)
                .map(|(bucket, sends)| (*hour, bucket, *sends))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Latencies;

    #[test]
    fn a_send_counts_in_the_first_bucket_that_holds_it() {
        let mut latencies = Latencies::default();
        for took in [0, 1, 3, 60_000] {
            latencies.record(1_000_000, 1_000_000 + took);
        }
        // After the clock was set back, a message may be seen before it was sent.
        latencies.record(1_000_000, 999_000);
        let rows: Vec<_> = latencies.rows().collect();
        assert_eq!(rows, [(0, 0, 3), (0, 2, 1), (0, 12, 1)]);
    }

    #[test]
    fn unwritten_latencies_are_bounded() {
        let mut all = Latencies::default();
        for hour in 0..100 {
            let mut one = Latencies::default();
            one.record(hour * 3_600_000, hour * 3_600_000);
            all.merge(one);
        }
        assert_eq!(all.rows().count(), 48);
        assert_eq!(all.rows().next(), Some((52, 0, 1)));
    }
}
