//! What rooms do from time to time.

use crate::Seed;
use crate::api::RoomId;
use crate::jobs::{ENTRIES_MAX, Forget};
use crate::store::retention;
use bus::{Subscriber as _, Tasks};
use std::time::Duration;

/// How soon after the start what is too old is looked for, and how often then.
const SOON: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_secs(10 * 60);
/// How much earlier or later a timer may come.
const JITTER: f64 = 0.2;
/// How long a timer's write may wait: nobody is waiting for it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Rooms looked at in one read.
const ROOMS_MAX: i64 = 100;

/// Starts the timers of rooms: what is too old is forgotten, if the operator wants that.
pub fn tasks(tasks: &Tasks, seed: &Seed) {
    if seed.settings.retention.is_zero() {
        return;
    }
    let owner = crate::Rooms::NAME;
    let first = seed.clone();
    tasks.delayed(owner, "rooms.first_retention", SOON, async move {
        if let Err(error) = forget(&first).await {
            tracing::warn!(%error, "what is too old stays until later");
        }
    });
    let seed = seed.clone();
    tasks.periodic(owner, "rooms.retention", EVERY, JITTER, move || {
        let seed = seed.clone();
        async move { forget(&seed).await }
    });
}

/// Takes what is too old out of every room, a few entries at a time; a room's other writes come
/// between. Safe to repeat, and on several nodes at once.
pub async fn forget(seed: &Seed) -> anyhow::Result<()> {
    let age = i64::try_from(seed.settings.retention.as_millis()).unwrap_or(i64::MAX);
    let before = (seed.clock)().saturating_sub(age);
    let mut after = RoomId(0);
    loop {
        let read = seed.database.read("rooms.too_old", move |reader| {
            Box::pin(async move { retention::due(reader, after, before, ROOMS_MAX).await })
        });
        let due = read.await?;
        let Some((last, _)) = due.last() else {
            return Ok(());
        };
        after = *last;
        for (_, room) in due {
            loop {
                let room = room.clone();
                let job = Forget { room, before };
                let Ok(forgotten) = seed.database.write(job, WRITE_WITHIN).await?;
                if forgotten < ENTRIES_MAX {
                    break;
                }
            }
        }
    }
}
