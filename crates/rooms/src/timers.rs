//! The periodic tasks of rooms: repairing ownership, and retention.

use crate::Deps;
use crate::api::RoomId;
use crate::jobs::AssignOwnerJob;
use crate::retention::forget;
use crate::store::owners::{self, OwnerSurvey};
use bus::{Subscriber as _, Tasks};
use futures_util::future::BoxFuture;
use std::time::Duration;

/// The delay of each task's first run, and the interval after it.
const FIRST_DELAY: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(10 * 60);
/// The fraction by which an interval may be shorter or longer.
const JITTER: f64 = 0.2;
/// The time limit for a write; generous, since nobody waits for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of rooms read in one query.
const SURVEY_MAX: i64 = 1_000;

/// Starts the periodic tasks of rooms: the repair of ownership, and retention if it is configured.
pub fn tasks(tasks: &Tasks, deps: &Deps) {
    repeat(
        tasks,
        deps,
        ["rooms.first_repair", "rooms.repair"],
        |deps| Box::pin(async move { repair(&deps).await }),
    );
    if deps.settings.retention.is_zero() {
        return;
    }
    let names = ["rooms.first_retention", "rooms.retention"];
    repeat(tasks, deps, names, |deps| {
        Box::pin(async move { forget(&deps).await })
    });
}

/// Runs a task soon after the start, and periodically after that.
fn repeat(
    tasks: &Tasks,
    deps: &Deps,
    [first, then]: [&'static str; 2],
    run: fn(Deps) -> BoxFuture<'static, anyhow::Result<()>>,
) {
    let owner = crate::Rooms::NAME;
    let first_run = run(deps.clone());
    tasks.delayed(owner, first, FIRST_DELAY, async move {
        if let Err(error) = first_run.await {
            tracing::warn!(task = then, %error, "first run of a task failed, will retry");
        }
    });
    let deps = deps.clone();
    tasks.periodic(owner, then, INTERVAL, JITTER, move || run(deps.clone()));
}

/// Makes the next member in line the owner of each room without a living owner. A room can lack one after
/// a crash, or after an account was deleted while no server ran. Safe to repeat.
async fn repair(deps: &Deps) -> anyhow::Result<()> {
    let mut after = Some(RoomId(0));
    while let Some(room) = after {
        let read = deps.database.read("rooms.survey", move |access| {
            Box::pin(async move { owners::survey(access, room, SURVEY_MAX).await })
        });
        let OwnerSurvey { ownerless, last } = read.await?;
        for room in ownerless {
            let at = deps.clock.wall_ms();
            let repaired = deps
                .database
                .write(AssignOwnerJob { room, at }, WRITE_TIMEOUT)
                .await?;
            repaired.map_err(|refusal| {
                anyhow::anyhow!("cannot assign an owner to a room: {refusal:?}")
            })?;
        }
        after = last;
    }
    Ok(())
}
