//! Detects a client that goes on sending although it is rate limited.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

const WITHIN: Duration = Duration::from_secs(10);

/// The rate-limit refusals of the last ten seconds.
#[derive(Default)]
pub(crate) struct FloodDetector {
    refused: VecDeque<Instant>,
}

impl FloodDetector {
    /// Records a refusal; returns `true` if there were at least `max` within ten seconds.
    pub(crate) fn record(&mut self, now: Instant, max: usize) -> bool {
        while self
            .refused
            .front()
            .is_some_and(|at| now.duration_since(*at) > WITHIN)
        {
            self.refused.pop_front();
        }
        self.refused.push_back(now);
        self.refused.len() >= max
    }
}

#[cfg(test)]
mod tests {
    use super::{FloodDetector, WITHIN};
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn refusals_count_for_ten_seconds() {
        let (mut detector, start) = (FloodDetector::default(), Instant::now());
        assert!(!detector.record(start, 3));
        assert!(!detector.record(start, 3));
        let later = start + WITHIN + Duration::from_millis(1);
        assert!(!detector.record(later, 3));
        assert!(!detector.record(later, 3));
        assert!(detector.record(later, 3));
    }
}
