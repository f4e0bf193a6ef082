//! Retention: deletes old entries, a limited number per run, and none while the clock is not trusted.

use crate::Deps;
use crate::api::{RoomId, RoomKey};
use crate::jobs::{ENTRIES_MAX, ForgetEntriesJob, RecordAgesJob};
use crate::store::retention;
use std::time::Duration;
use storage::ClockTrust;

/// The time limit for a write; generous, since nobody waits for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of due rooms read in one query.
const ROOMS_MAX: i64 = 100;
/// The number of rooms whose age is recorded in one write.
const AGES_MAX: i64 = 500;

/// What a run has deleted so far.
#[derive(Default)]
struct Deleted {
    entries: usize,
    rooms: usize,
}

/// Deletes the entries that are too old from all rooms, a few at a time, so that a room's other writes
/// are not held up. A run deletes at most [`crate::Settings::retention_run_max`] entries and leaves the
/// rest to the next. Safe to repeat, also on several nodes at once.
pub async fn forget(deps: &Deps) -> anyhow::Result<()> {
    let now = deps.clock.wall_ms();
    if !trusts_clock(deps, now).await? {
        return Ok(());
    }
    let age = bus::millis(deps.settings.retention);
    let before = now.saturating_sub(age);
    record_ages(deps).await?;
    let mut deleted = Deleted::default();
    let is_done = delete_due(deps, before, &mut deleted).await?;
    if deleted.entries > 0 || !is_done {
        let Deleted { entries, rooms } = deleted;
        tracing::info!(entries, rooms, all = is_done, "deleted old entries");
    }
    Ok(())
}

async fn trusts_clock(deps: &Deps, now: i64) -> anyhow::Result<bool> {
    match deps.clock_watch.look(now, deps.clock.uptime()).await? {
        ClockTrust::Steady => Ok(true),
        ClockTrust::Suspect { ahead_ms, wait_ms } => {
            tracing::warn!(
                ahead_s = ahead_ms / 1_000,
                trusted_in_s = wait_ms / 1_000,
                "the clock is far from the last time recorded in the store: no entries are deleted \
                 until it is corrected or has run steadily for a day"
            );
            Ok(false)
        }
    }
}

async fn record_ages(deps: &Deps) -> anyhow::Result<()> {
    let mut after = RoomId(0);
    loop {
        let read = deps.database.read("rooms.unnoted", move |access| {
            Box::pin(async move { retention::without_age(access, after, AGES_MAX).await })
        });
        let ages = read.await?;
        let Some((last, _)) = ages.last() else {
            return Ok(());
        };
        after = *last;
        let Ok(()) = deps
            .database
            .write(RecordAgesJob(ages), WRITE_TIMEOUT)
            .await?;
    }
}

/// Deletes due entries from one room after another. Returns false if the run's limit is reached and there
/// are more.
async fn delete_due(deps: &Deps, before: i64, deleted: &mut Deleted) -> anyhow::Result<bool> {
    loop {
        let read = deps.database.read("rooms.too_old", move |access| {
            Box::pin(async move { retention::due(access, before, ROOMS_MAX).await })
        });
        let due = read.await?;
        if due.is_empty() {
            return Ok(true);
        }
        for room in due {
            if deleted.entries >= deps.settings.retention_run_max {
                return Ok(false);
            }
            delete_from(deps, room, before, deleted).await?;
        }
    }
}

/// Deletes due entries of one room, up to what is left of the run's limit.
async fn delete_from(
    deps: &Deps,
    room: RoomKey,
    before: i64,
    deleted: &mut Deleted,
) -> anyhow::Result<()> {
    let mut any = false;
    loop {
        let max = deps
            .settings
            .retention_run_max
            .saturating_sub(deleted.entries);
        let room = room.clone();
        let job = ForgetEntriesJob { room, before, max };
        let Ok(count) = deps.database.write(job, WRITE_TIMEOUT).await?;
        deleted.entries += count;
        any |= count > 0;
        if count < ENTRIES_MAX.min(max) || max <= ENTRIES_MAX {
            break;
        }
    }
    deleted.rooms += usize::from(any);
    Ok(())
}
