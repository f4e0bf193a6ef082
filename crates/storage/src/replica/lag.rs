//! How far a replica is behind, in time: since when there has been something that it had not
//! replayed.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Moments remembered at most. Later ones then move the last, so that it is reached with all.
const MARKS_MAX: usize = 600;

/// Where the primary was when, as far as the replica has not been seen there.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    marks: VecDeque<(Instant, i64)>,
    replayed: i64,
    caught_up: bool,
    astray: bool,
}

impl Lag {
    /// Notes how far the primary's log goes. A standby that had replayed more than that has
    /// replayed what its primary does not know.
    pub(crate) fn primary_at(&mut self, now: Instant, position: i64) {
        self.astray |= position < self.replayed;
        let full = self.marks.len() == MARKS_MAX;
        match self.marks.back_mut() {
            Some((_, last)) if full => *last = position,
            _ => self.marks.push_back((now, position)),
        }
    }

    /// Notes how far the replica has replayed it.
    pub(crate) fn replica_at(&mut self, position: i64) {
        self.replayed = position;
        while self
            .marks
            .front()
            .is_some_and(|(_, mark)| *mark <= position)
        {
            self.marks.pop_front();
            self.caught_up = true;
        }
    }

    /// Whether it has ever been where its primary was when both were first looked at.
    pub(crate) fn has_caught_up(&self) -> bool {
        self.caught_up
    }

    /// How long ago the primary had something that the replica has not.
    pub(crate) fn behind(&self, now: Instant) -> Duration {
        let oldest = self.marks.front();
        oldest.map_or(Duration::ZERO, |(at, _)| now - *at)
    }

    /// Whether both have ever been seen to disagree. That heals only by a new standby.
    pub(crate) fn is_astray(&self) -> bool {
        self.astray
    }
}

#[cfg(test)]
mod tests {
    use super::Lag;
    use std::time::Duration;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_behind_since_the_first_thing_that_it_lacks() {
        let begin = Instant::now();
        let mut lag = Lag::default();
        lag.primary_at(begin, 10);
        lag.replica_at(9);
        assert!(!lag.has_caught_up());
        lag.replica_at(10);
        assert!(lag.has_caught_up());
        assert_eq!(lag.behind(begin + SECOND), Duration::ZERO, "it has all");
        lag.primary_at(begin + SECOND, 20);
        lag.replica_at(15);
        lag.primary_at(begin + 2 * SECOND, 30);
        assert_eq!(lag.behind(begin + 3 * SECOND), 2 * SECOND);
        lag.replica_at(20);
        assert_eq!(lag.behind(begin + 3 * SECOND), SECOND);
        lag.replica_at(35);
        assert_eq!(lag.behind(begin + 3 * SECOND), Duration::ZERO);
        assert!(!lag.is_astray());
    }

    #[test]
    fn one_that_was_away_for_long_is_behind_until_it_has_all() {
        let begin = Instant::now();
        let mut lag = Lag::default();
        for second in 0..2_000 {
            lag.primary_at(begin, second);
        }
        lag.replica_at(1_998);
        assert_eq!(lag.behind(begin + SECOND), SECOND);
        lag.replica_at(1_999);
        assert_eq!(lag.behind(begin + SECOND), Duration::ZERO);
    }

    #[test]
    fn one_that_knows_more_than_its_primary_is_astray_for_good() {
        let begin = Instant::now();
        let mut lag = Lag::default();
        lag.replica_at(50);
        lag.primary_at(begin, 40);
        lag.primary_at(begin, 60);
        assert!(lag.is_astray());
    }
}
