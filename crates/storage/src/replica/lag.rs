//! How far a replica is behind in time: for how long there has been something that it had not
//! replayed.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The most positions remembered. Later ones replace the last, so the replica has caught up with it
/// only when it has replayed everything.
const MARKS_MAX: usize = 600;

/// Positions of the primary, and when it was there, as far as the replica is not known to have
/// reached them.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    marks: VecDeque<(Instant, i64)>,
    replayed: i64,
    caught_up: bool,
    astray: bool,
}

impl Lag {
    /// Notes how far the primary's log goes. A standby that had replayed more than that has
    /// replayed something its primary does not have.
    pub(crate) fn primary_at(&mut self, now: Instant, position: i64) {
        self.astray |= position < self.replayed;
        let full = self.marks.len() == MARKS_MAX;
        match self.marks.back_mut() {
            Some((_, last)) if full => *last = position,
            _ => self.marks.push_back((now, position)),
        }
    }

    /// Notes how far the replica has replayed the log.
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

    /// Whether the replica has ever reached the primary's position of an earlier check.
    pub(crate) fn has_caught_up(&self) -> bool {
        self.caught_up
    }

    /// How long ago the primary had something that the replica lacks.
    pub(crate) fn behind(&self, now: Instant) -> Duration {
        let oldest = self.marks.front();
        oldest.map_or(Duration::ZERO, |(at, _)| now - *at)
    }

    /// Whether the two were ever seen to disagree. Only a new standby heals that.
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
