//! How reads end that were tried on a replica.

use crate::health::count;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a read ended that was tried on a replica. After all but the first the primary is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaOutcome {
    /// It answered.
    Served,
    /// It had not got that far.
    Behind,
    /// All its connections were in use.
    Busy,
    /// It did not answer in time.
    Late,
    /// It cancelled the query for the sake of what it had to replay.
    Conflict,
    /// It is no standby of the primary, or no longer one.
    Foreign,
    /// Anything else went wrong.
    Failed,
}

impl ReplicaOutcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Served,
        Self::Behind,
        Self::Busy,
        Self::Late,
        Self::Conflict,
        Self::Foreign,
        Self::Failed,
    ];

    /// One word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Behind => "behind",
            Self::Busy => "busy",
            Self::Late => "late",
            Self::Conflict => "conflict",
            Self::Foreign => "foreign",
            Self::Failed => "failed",
        }
    }

    /// Whether a replica that ends a read like this is left alone for a while. The others are
    /// quick to find out, and the next read may fare better.
    pub(crate) fn opens_breaker(self) -> bool {
        matches!(self, Self::Late | Self::Foreign | Self::Failed)
    }
}

/// How many ended how.
#[derive(Debug, Default)]
pub(crate) struct ReplicaOutcomes([AtomicU64; ReplicaOutcome::ALL.len()]);

impl ReplicaOutcomes {
    pub(crate) fn count(&self, outcome: ReplicaOutcome) {
        count(&self.0[outcome as usize]);
    }

    pub(crate) fn all(&self) -> Vec<(ReplicaOutcome, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        ReplicaOutcome::ALL.into_iter().zip(counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{ReplicaOutcome, ReplicaOutcomes};

    #[test]
    fn each_outcome_is_counted_under_its_own_name() {
        let outcomes = ReplicaOutcomes::default();
        for (times, outcome) in ReplicaOutcome::ALL.into_iter().enumerate() {
            for _ in 0..times {
                outcomes.count(outcome);
            }
        }
        let counts: Vec<_> = outcomes.all().into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [0, 1, 2, 3, 4, 5, 6]);
    }
}
