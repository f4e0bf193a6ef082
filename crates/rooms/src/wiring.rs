//! How rooms are put into a server.

use crate::api::{Heads, Invitations, Members, Memberships, ReadLog, RecentHeads};
use crate::jobs::Found;
use crate::store::retention;
use crate::{Reader, Rooms, Seed};
use bus::Builder;
use std::sync::Arc;
use std::time::Duration;
use storage::StorageError;

/// The semaphore of the concurrent answers.
const READS: &str = "rooms.reads";

/// How long founding may take: nobody is being served yet.
const FOUND_WITHIN: Duration = Duration::from_secs(10);

/// Adds the subscriber and all concurrent answers of rooms.
pub fn wire(builder: &mut Builder, seed: &Seed) {
    let reader = Arc::new(Reader::new(seed));
    let at_once = seed.settings.reads_max;
    builder
        .essential::<Rooms>(seed.clone())
        .reads::<ReadLog, _>(READS, at_once, Arc::clone(&reader))
        .reads::<Members, _>(READS, at_once, Arc::clone(&reader))
        .reads::<Memberships, _>(READS, at_once, Arc::clone(&reader))
        .reads::<Invitations, _>(READS, at_once, Arc::clone(&reader))
        .reads::<Heads, _>(READS, at_once, Arc::clone(&reader))
        .reads::<RecentHeads, _>(READS, at_once, reader);
}

/// Makes the public room `general`, unless it is there: it belongs to the server, so nobody owns
/// it, and server administrators moderate it. Before that, the store that knows no time yet takes
/// that of its newest entry: nothing has been written by this process's clock. Safe to repeat, on
/// several nodes at once too.
pub async fn found(seed: &Seed) -> Result<(), StorageError> {
    let read = seed.database.read("rooms.newest", |reader| {
        Box::pin(async move { retention::newest(reader).await })
    });
    let newest = read.await?;
    seed.watch.begin((seed.clock)(), newest).await?;
    let job = Found { at: (seed.clock)() };
    let Ok(()) = seed.database.write(job, FOUND_WITHIN).await?;
    Ok(())
}
