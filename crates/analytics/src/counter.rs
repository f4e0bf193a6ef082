//! The follower: turns the entries of a page into counts.

use crate::latency;
use crate::report::Report;
use crate::store;
use extension::{Followed, Follower, Page, StartFrom};
use rooms::api::Change;
use sessions::api::UserId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use storage::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Returns the hour since 1970.
pub(crate) fn hour(at: i64) -> i64 {
    at.div_euclid(HOUR_MS)
}

/// Returns the day since 1970.
pub(crate) fn day(at: i64) -> i64 {
    at.div_euclid(DAY_MS)
}

/// Counts what is in the logs.
pub(crate) struct Counter {
    report: Arc<Report>,
}

impl Counter {
    pub(crate) fn new(report: Arc<Report>) -> Self {
        Self { report }
    }
}

impl Follower for Counter {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let mut counts = Counts::default();
        page.entries.iter().for_each(|entry| counts.add(entry));
        store::add(tx, &page.room, &counts).await?;
        self.report.outdated();
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        store::clear(tx).await
    }
}

/// The counts of one page.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Messages by hour.
    pub(crate) hours: BTreeMap<i64, i64>,
    /// Active users by day.
    pub(crate) active: BTreeSet<(i64, UserId)>,
    /// Sends by hour and bucket.
    pub(crate) latencies: BTreeMap<(i64, i64), i64>,
}

impl Counts {
    fn add(&mut self, entry: &Followed) {
        if matches!(entry.change, Change::Message { .. }) {
            *self.hours.entry(hour(entry.at)).or_default() += 1;
            if let Some(heard) = entry.heard_at {
                let bucket = (hour(heard), latency::bucket(entry.at, heard));
                *self.latencies.entry(bucket).or_default() += 1;
            }
        }
        if is_activity(&entry.change) {
            self.active.insert((day(entry.at), entry.author.id));
        }
    }
}

/// Whether a change is a user's own activity. Joining and leaving can also happen to absent users.
fn is_activity(change: &Change) -> bool {
    matches!(
        change,
        Change::Message { .. }
            | Change::Edited { .. }
            | Change::Deleted { .. }
            | Change::Reaction { .. }
    )
}
