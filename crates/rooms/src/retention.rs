//! What is too old is forgotten: a bounded share per run, and nothing by a clock that cannot be trusted.

use crate::Deps;
use crate::api::{RoomId, RoomKey};
use crate::jobs::{ENTRIES_MAX, ForgetEntriesJob, RecordAgesJob};
use crate::store::retention;
use std::time::Duration;
use storage::ClockTrust;

/// How long a write may wait: nobody is waiting for it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Rooms looked at in one read.
const ROOMS_MAX: i64 = 100;
/// Rooms whose age is noted at once.
const NOTED_MAX: i64 = 500;

/// What a run has taken so far.
#[derive(Default)]
struct Taken {
    entries: usize,
    rooms: usize,
}

/// Takes what is too old out of every room, a few entries at a time; a room's other writes come
/// between. A run takes at most [`crate::Settings::retention_run_max`] entries and leaves the rest to
/// the next. Safe to repeat, and on several nodes at once.
pub async fn forget(deps: &Deps) -> anyhow::Result<()> {
    let now = (deps.clock)();
    if !trusts_clock(deps, now).await? {
        return Ok(());
    }
    let age = i64::try_from(deps.settings.retention.as_millis()).unwrap_or(i64::MAX);
    let before = now.saturating_sub(age);
    note_ages(deps).await?;
    let mut taken = Taken::default();
    let is_done = take(deps, before, &mut taken).await?;
    if taken.entries > 0 || !is_done {
        let Taken { entries, rooms } = taken;
        tracing::info!(entries, rooms, all = is_done, "old entries were forgotten");
    }
    Ok(())
}

async fn trusts_clock(deps: &Deps, now: i64) -> anyhow::Result<bool> {
    match deps.watch.look(now, (deps.uptime)()).await? {
        ClockTrust::Steady => Ok(true),
        ClockTrust::Suspect { ahead_ms, wait_ms } => {
            tracing::warn!(
                ahead_s = ahead_ms / 1_000,
                trusted_in_s = wait_ms / 1_000,
                "the clock stands far from the last time that the store has seen: nothing is \
                 forgotten until it is set right, or has run evenly for a day"
            );
            Ok(false)
        }
    }
}

async fn note_ages(deps: &Deps) -> anyhow::Result<()> {
    let mut after = RoomId(0);
    loop {
        let read = deps.database.read("rooms.unnoted", move |reader| {
            Box::pin(async move { retention::without_age(reader, after, NOTED_MAX).await })
        });
        let ages = read.await?;
        let Some((last, _)) = ages.last() else {
            return Ok(());
        };
        after = *last;
        let Ok(()) = deps
            .database
            .write(RecordAgesJob(ages), WRITE_WITHIN)
            .await?;
    }
}

/// False: the run has taken its share, and there is more.
async fn take(deps: &Deps, before: i64, taken: &mut Taken) -> anyhow::Result<bool> {
    loop {
        let read = deps.database.read("rooms.too_old", move |reader| {
            Box::pin(async move { retention::due(reader, before, ROOMS_MAX).await })
        });
        let due = read.await?;
        if due.is_empty() {
            return Ok(true);
        }
        for room in due {
            if taken.entries >= deps.settings.retention_run_max {
                return Ok(false);
            }
            take_from(deps, room, before, taken).await?;
        }
    }
}

/// What is left of the share, of one room.
async fn take_from(
    deps: &Deps,
    room: RoomKey,
    before: i64,
    taken: &mut Taken,
) -> anyhow::Result<()> {
    let mut any = false;
    loop {
        let max = deps
            .settings
            .retention_run_max
            .saturating_sub(taken.entries);
        let room = room.clone();
        let job = ForgetEntriesJob { room, before, max };
        let Ok(forgotten) = deps.database.write(job, WRITE_WITHIN).await?;
        taken.entries += forgotten;
        any |= forgotten > 0;
        if forgotten < ENTRIES_MAX.min(max) || max <= ENTRIES_MAX {
            break;
        }
    }
    taken.rooms += usize::from(any);
    Ok(())
}
