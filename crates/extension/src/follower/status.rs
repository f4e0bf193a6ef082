//! How a follower does, for the operator.

use crate::view::{Metric, MetricValue};
use parking_lot::Mutex;
use rooms::api::Seq;
use serde_json::{Value, json};
use std::time::Instant;

/// How far a follower is, and what keeps it. Written by its engine.
pub(crate) struct FollowerStatus {
    extension: &'static str,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    error: Option<String>,
    /// Entries that are known and not followed yet.
    behind: Seq,
    /// Since when there have been such entries without interruption.
    since: Option<Instant>,
    /// Entries followed since the start.
    followed: u64,
}

impl FollowerStatus {
    pub(crate) fn new(extension: &'static str) -> Self {
        Self {
            extension,
            state: Mutex::default(),
        }
    }

    /// Notes that entries are known and wait to be followed.
    pub(crate) fn waiting(&self, behind: Seq) {
        let mut state = self.state.lock();
        state.behind = behind;
        if behind == 0 {
            state.since = None;
        } else if state.since.is_none() {
            state.since = Some(Instant::now());
        }
    }

    /// Counts entries that were followed.
    pub(crate) fn followed(&self, entries: usize) {
        self.state.lock().followed += entries as u64;
    }

    pub(crate) fn succeeded(&self) {
        if self.state.lock().error.take().is_some() {
            let extension = self.extension;
            tracing::info!(extension, "the follower goes on");
        }
    }

    pub(crate) fn failed(&self, error: &anyhow::Error) {
        let text = format!("{error:#}");
        let is_new = self.state.lock().error.replace(text.clone()).is_none();
        if is_new {
            let extension = self.extension;
            tracing::warn!(
                extension,
                error = text,
                "the follower cannot go on, will retry"
            );
        }
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.state.lock().error.clone()
    }

    pub(crate) fn json(&self) -> Value {
        let state = self.state.lock();
        json!({
            "behind": state.behind,
            "behind_for_s": state.behind_for_s(),
            "followed": state.followed,
        })
    }

    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let state = self.state.lock();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a double holds 2^53 entries exactly"
        )]
        let behind = state.behind as f64;
        vec![
            Metric {
                name: "follower_behind_entries",
                about: "Entries that are known and not followed yet",
                value: MetricValue::Gauge(behind),
            },
            Metric {
                name: "follower_behind_seconds",
                about: "How long there have been such entries",
                value: MetricValue::Gauge(state.behind_for_s()),
            },
            Metric {
                name: "follower_entries",
                about: "Entries followed since the start",
                value: MetricValue::Counter(state.followed),
            },
        ]
    }
}

impl State {
    fn behind_for_s(&self) -> f64 {
        self.since
            .map_or(0.0, |since| since.elapsed().as_secs_f64())
    }
}
