//! How rooms are put into a server.

use crate::api::{Heads, Invitations, Members, Memberships, ReadLog, RecentHeads};
use crate::jobs::CreateGeneralJob;
use crate::store::retention;
use crate::{Deps, Queries, Rooms};
use bus::Builder;
use std::sync::Arc;
use std::time::Duration;
use storage::StorageError;

/// The semaphore of the concurrent answers.
const READS: &str = "rooms.reads";

/// How long founding may take: nobody is being served yet.
const FOUND_WITHIN: Duration = Duration::from_secs(10);

/// Adds the subscriber and all concurrent answers of rooms.
pub fn wire(builder: &mut Builder, deps: &Deps) {
    let queries = Arc::new(Queries::new(deps));
    let at_once = deps.settings.reads_max;
    builder
        .essential::<Rooms>(deps.clone())
        .reads::<ReadLog, _>(READS, at_once, Arc::clone(&queries))
        .reads::<Members, _>(READS, at_once, Arc::clone(&queries))
        .reads::<Memberships, _>(READS, at_once, Arc::clone(&queries))
        .reads::<Invitations, _>(READS, at_once, Arc::clone(&queries))
        .reads::<Heads, _>(READS, at_once, Arc::clone(&queries))
        .reads::<RecentHeads, _>(READS, at_once, queries);
}

/// Makes the public room `general`, unless it is there: it belongs to the server, so nobody owns
/// it, and server administrators moderate it. Before that, the store that knows no time yet takes
/// that of its newest entry: nothing has been written by this process's clock. Safe to repeat, on
/// several nodes at once too.
pub async fn create_general(deps: &Deps) -> Result<(), StorageError> {
    let read = deps.database.read("rooms.newest", |queries| {
        Box::pin(async move { retention::newest(queries).await })
    });
    let newest = read.await?;
    deps.watch.begin((deps.clock)(), newest).await?;
    let job = CreateGeneralJob { at: (deps.clock)() };
    let Ok(()) = deps.database.write(job, FOUND_WITHIN).await?;
    Ok(())
}
