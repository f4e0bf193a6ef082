//! Registering rooms on the bus, and creating the first room.

use crate::api::{
    DirectAnswered, EntriesAppended, EntriesForgotten, FindLink, FollowLog, Heads, Invitations,
    Links, Members, Memberships, PreferencesChanged, ReadLog, ReadableRooms, RecentHeads,
    StandingOf,
};
use crate::jobs::CreateGeneralJob;
use crate::store::retention;
use crate::{Deps, Queries, Rooms};
use bus::Builder;
use std::sync::Arc;
use std::time::Duration;
use storage::StorageError;

/// The semaphore that limits concurrent reads.
const READS: &str = "rooms.reads";

/// The time limit for creating `general`; nobody is being served yet.
const CREATE_TIMEOUT: Duration = Duration::from_secs(10);

/// Adds the subscriber and the concurrent reads of rooms to a bus.
pub fn wire(builder: &mut Builder, deps: &Deps) {
    let queries = Arc::new(Queries::new(deps));
    let reads_max = deps.settings.reads_max;
    builder
        .essential::<Rooms>(deps.clone())
        .states::<EntriesAppended>()
        .states::<EntriesForgotten>()
        .states::<DirectAnswered>()
        .states::<PreferencesChanged>()
        .reads::<ReadLog, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<Members, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<Memberships, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<Invitations, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<Links, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<FindLink, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<ReadableRooms, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<StandingOf, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<FollowLog, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<Heads, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<RecentHeads, _>(READS, reads_max, queries);
}

/// Creates the public room `general` unless it exists. It belongs to the server: nobody owns it, and
/// server administrators moderate it. First, a store without a recorded time takes that of its newest
/// entry, before anything is written with this process's clock. Safe to repeat, also on several nodes
/// at once.
pub async fn create_general(deps: &Deps) -> Result<(), StorageError> {
    let read = deps.database.read("rooms.newest", |access| {
        Box::pin(async move { retention::newest(access).await })
    });
    let newest = read.await?;
    deps.clock_watch.begin(deps.clock.wall_ms(), newest).await?;
    let job = CreateGeneralJob {
        at: deps.clock.wall_ms(),
    };
    let Ok(()) = deps.database.write(job, CREATE_TIMEOUT).await?;
    Ok(())
}
