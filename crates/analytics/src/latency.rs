//! How long sends took, as far as an observer can tell.
//!
//! Counted from the moment at which the server accepted a message (the `at` of its entry) to the
//! moment at which the fact of its commit reached this subscriber. The acknowledgement leaves right
//! after that fact, so this is the wait for the lane and the commit, and a little of our own.

use std::collections::BTreeMap;

/// Upper bounds in ms, each included; a last place without a bound holds the rest.
pub(crate) const BOUNDS_MS: [i64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// Hours kept while they cannot be written.
const HOURS_MAX: usize = 48;

const HOUR_MS: i64 = 3_600_000;

/// Sends by hour and place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Latencies(BTreeMap<i64, [i64; BOUNDS_MS.len() + 1]>);

impl Latencies {
    /// One send, accepted and seen at these times.
    pub(crate) fn record(&mut self, accepted: i64, seen: i64) {
        let took = seen.saturating_sub(accepted);
        let place = BOUNDS_MS.partition_point(|bound| *bound < took);
        let sends = self.0.entry(seen.div_euclid(HOUR_MS)).or_default();
        sends[place] += 1;
    }

    /// What could not be written is kept for the next time, the newest hours of it.
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

    /// Hour, place and sends, where there are any.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (i64, i64, i64)> + '_ {
        self.0.iter().flat_map(|(hour, sends)| {
            let places = (0..).zip(sends);
            places
                .filter(|(_, sends)| **sends > 0)
                .map(|(place, sends)| (*hour, place, *sends))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Latencies;

    #[test]
    fn a_send_counts_under_the_first_bound_that_holds_it() {
        let mut latencies = Latencies::default();
        for took in [0, 1, 3, 60_000] {
            latencies.record(1_000_000, 1_000_000 + took);
        }
        // A clock that was set back has seen it before it was sent.
        latencies.record(1_000_000, 999_000);
        let rows: Vec<_> = latencies.rows().collect();
        assert_eq!(rows, [(0, 0, 3), (0, 2, 1), (0, 12, 1)]);
    }

    #[test]
    fn what_waits_for_its_database_is_bounded() {
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
