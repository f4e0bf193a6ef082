//! Registering messaging on the bus.

use crate::api::{ListRooms, MarkerMoved, ReadHistory, ReadMessages};
use crate::{Deps, Messaging, Queries};
use bus::Builder;
use std::sync::Arc;

/// The semaphore that limits concurrent reads.
const READS: &str = "messaging.reads";

/// Adds the subscriber and the concurrent reads of messaging to a bus.
pub fn wire(builder: &mut Builder, deps: &Deps) {
    let queries = Arc::new(Queries::new(deps));
    let reads_max = deps.settings.reads_max;
    builder
        .essential::<Messaging>(deps.clone())
        .states::<MarkerMoved>()
        .reads::<ReadHistory, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<ReadMessages, _>(READS, reads_max, Arc::clone(&queries))
        .reads::<ListRooms, _>(READS, reads_max, queries);
}
