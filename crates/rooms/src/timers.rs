//! What rooms do from time to time.

use crate::Deps;
use crate::api::RoomId;
use crate::jobs::AssignOwnerJob;
use crate::retention::forget;
use crate::store::owners::{self, OwnerSurvey};
use bus::{Subscriber as _, Tasks};
use futures_util::future::BoxFuture;
use std::time::Duration;

/// How soon after the start each task runs first, and how often then.
const SOON: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_secs(10 * 60);
/// How much earlier or later a timer may come.
const JITTER: f64 = 0.2;
/// How long a timer's write may wait: nobody is waiting for it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Rooms whose owners are looked at in one read.
const SURVEYED_MAX: i64 = 1_000;

/// Starts the timers of rooms: what a crash left undone is done, and what is too old is forgotten, if
/// the operator wants that.
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

/// Runs it soon after the start, and from time to time then.
fn repeat(
    tasks: &Tasks,
    deps: &Deps,
    [first, then]: [&'static str; 2],
    run: fn(Deps) -> BoxFuture<'static, anyhow::Result<()>>,
) {
    let owner = crate::Rooms::NAME;
    let soon = run(deps.clone());
    tasks.delayed(owner, first, SOON, async move {
        if let Err(error) = soon.await {
            tracing::warn!(task = then, %error, "a task failed and is tried again later");
        }
    });
    let deps = deps.clone();
    tasks.periodic(owner, then, EVERY, JITTER, move || run(deps.clone()));
}

/// Gives every room that nobody living owns to whoever is next in line: what a crash left undone, or
/// the deletion of an account while no server ran. Safe to repeat.
async fn repair(deps: &Deps) -> anyhow::Result<()> {
    let mut after = Some(RoomId(0));
    while let Some(room) = after {
        let read = deps.database.read("rooms.survey", move |reader| {
            Box::pin(async move { owners::survey(reader, room, SURVEYED_MAX).await })
        });
        let OwnerSurvey { ownerless, last } = read.await?;
        for room in ownerless {
            let at = (deps.clock)();
            let repaired = deps
                .database
                .write(AssignOwnerJob { room, at }, WRITE_WITHIN)
                .await?;
            repaired
                .map_err(|refusal| anyhow::anyhow!("a room cannot be repaired: {refusal:?}"))?;
        }
        after = last;
    }
    Ok(())
}
