//! How a follower does, for the operator.

use super::batch::BatchFigures;
use super::{HeardEntries, Inbox};
use crate::view::{Metric, MetricValue};
use parking_lot::Mutex;
use rooms::api::Seq;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::time::Instant;

/// How far a follower is, and what keeps it. Written by its engine.
pub(crate) struct FollowerStatus {
    extension: &'static str,
    inbox: Arc<Inbox>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether it has found out how far it is, and carried out something or found nothing to do, since the
    /// start or the last failure.
    is_following: bool,
    error: Option<String>,
    /// Entries that the engine knows of and has not followed yet; those in the inbox come on top.
    waiting: Seq,
    /// Since when there have been such entries without interruption.
    since: Option<Instant>,
    /// Entries followed since the start.
    followed: u64,
}

impl FollowerStatus {
    pub(crate) fn new(extension: &'static str, inbox: &Arc<Inbox>) -> Self {
        Self {
            extension,
            inbox: Arc::clone(inbox),
            state: Mutex::default(),
        }
    }

    /// Adds what was heard of since the last time to the entries that wait.
    pub(crate) fn count_heard(&self) {
        let mut state = self.state.lock();
        let heard = self.inbox.count_heard();
        state.waiting += heard.number;
        state.since = state.since.or(heard.since);
    }

    /// Notes that exactly so many known entries wait to be followed, beside those that are heard from now
    /// on.
    pub(crate) fn waiting(&self, entries: Seq) {
        let mut state = self.state.lock();
        state.waiting = entries;
        if entries == 0 {
            state.since = None;
        } else {
            state.since.get_or_insert_with(Instant::now);
        }
    }

    /// Counts what was followed.
    pub(crate) fn followed(&self, batch: &BatchFigures) {
        let mut state = self.state.lock();
        state.followed += batch.entries as u64;
        state.waiting = (state.waiting - batch.advance).max(0);
    }

    pub(crate) fn succeeded(&self) {
        let mut state = self.state.lock();
        state.is_following = true;
        let had_failed = state.error.take().is_some();
        drop(state);
        if had_failed {
            let extension = self.extension;
            tracing::info!(extension, "the follower goes on");
        }
    }

    /// Notes that it does not follow: while its database is being opened, that is no failure.
    pub(crate) fn interrupted(&self) {
        self.state.lock().is_following = false;
    }

    /// Notes why it cannot go on. Logs each cause once, until it goes on or the cause changes.
    pub(crate) fn failed(&self, error: &anyhow::Error) {
        let text = format!("{error:#}");
        let before = self.state.lock().error.replace(text.clone());
        if before.as_ref() != Some(&text) {
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
        let behind = self.behind();
        let state = self.state.lock();
        json!({
            "following": state.is_following,
            "behind": behind.number,
            "behind_for_s": behind.seconds(),
            "followed": state.followed,
        })
    }

    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let behind = self.behind();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a double holds 2^53 entries exactly"
        )]
        let entries = behind.number as f64;
        vec![
            Metric {
                name: "follower_behind_entries",
                about: "Entries that are known and not followed yet",
                value: MetricValue::Gauge(entries),
            },
            Metric {
                name: "follower_behind_seconds",
                about: "How long there have been such entries",
                value: MetricValue::Gauge(behind.seconds()),
            },
            Metric {
                name: "follower_entries",
                about: "Entries followed since the start",
                value: MetricValue::Counter(self.state.lock().followed),
            },
        ]
    }

    /// Returns the entries that wait, in the engine and in the inbox.
    fn behind(&self) -> HeardEntries {
        let state = self.state.lock();
        let heard = self.inbox.heard();
        HeardEntries {
            number: state.waiting + heard.number,
            since: state.since.or(heard.since),
        }
    }
}

impl HeardEntries {
    fn seconds(self) -> f64 {
        self.since
            .map_or(0.0, |since| since.elapsed().as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follower::inbox::fixture::appended;
    use std::time::Duration;

    fn status() -> (Arc<Inbox>, FollowerStatus) {
        let inbox = Arc::new(Inbox::default());
        let status = FollowerStatus::new("tally", &inbox);
        (inbox, status)
    }

    /// Returns how many entries wait, and for how many seconds there have been some.
    fn shown(status: &FollowerStatus) -> (Seq, String) {
        let page = status.json();
        let seconds = page["behind_for_s"].as_f64().unwrap();
        (page["behind"].as_i64().unwrap(), format!("{seconds:.0}"))
    }

    fn waits(behind: Seq, seconds: u64) -> (Seq, String) {
        (behind, seconds.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_heard_while_the_follower_cannot_go_on_counts_since_the_first() {
        let (inbox, status) = status();
        inbox.add(&[appended(1, 1..=3)], 0);
        tokio::time::advance(Duration::from_secs(10)).await;
        status.failed(&anyhow::anyhow!("the database is away"));
        inbox.add(&[appended(1, 4..=5)], 0);
        assert_eq!(shown(&status), waits(5, 10));
        status.count_heard();
        tokio::time::advance(Duration::from_secs(5)).await;
        inbox.add(&[appended(2, 1..=1)], 0);
        assert_eq!(shown(&status), waits(6, 15), "counted once");
        status.count_heard();
        let (entries, advance) = (4, 4);
        status.followed(&BatchFigures { entries, advance });
        assert_eq!(shown(&status), waits(2, 15));
        status.waiting(0);
        assert_eq!(shown(&status), waits(0, 0));
    }

    #[test]
    fn a_cause_is_shown_until_it_goes_on() {
        let (_, status) = status();
        status.failed(&anyhow::anyhow!("away"));
        status.failed(&anyhow::anyhow!("broken"));
        assert_eq!(status.trouble().as_deref(), Some("broken"));
        assert_eq!(status.json()["following"], false);
        status.succeeded();
        assert_eq!(status.trouble(), None);
        assert_eq!(status.json()["following"], true);
        status.interrupted();
        assert_eq!(status.json()["following"], false);
    }
}
