//! The outcomes of reads that were tried on a replica.

use crate::health::count;
use std::sync::atomic::{AtomicU64, Ordering};

/// The outcome of a read that was tried on a replica. After all but the first the primary is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaOutcome {
    /// The replica answered, and what it had was new enough.
    Served,
    /// The replica had not replayed enough.
    Behind,
    /// All connections of the replica were in use.
    Busy,
    /// The replica did not answer in time.
    Late,
    /// The replica cancelled the query because it conflicted with what it had to replay.
    Conflict,
    /// The server is no standby of the primary, or no longer one.
    Foreign,
    /// Any other failure.
    Failed,
}

impl ReplicaOutcome {
    /// All outcomes, in the order of their discriminants.
    pub const ALL: [Self; 7] = [
        Self::Served,
        Self::Behind,
        Self::Busy,
        Self::Late,
        Self::Conflict,
        Self::Foreign,
        Self::Failed,
    ];

    /// Returns the outcome as one word.
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

    /// Whether a replica is left alone for a while after this outcome. The others cost little time,
    /// and the next read may succeed.
    pub(crate) fn opens_breaker(self) -> bool {
        matches!(self, Self::Late | Self::Foreign | Self::Failed)
    }
}

/// How often each outcome occurred.
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
