//! How messaging is put into a server.

use crate::api::{ListRooms, ReadHistory};
use crate::{Deps, Messaging, Queries};
use bus::Builder;
use std::sync::Arc;

/// The semaphore of the concurrent answers.
const READS: &str = "messaging.reads";

/// Adds messaging to a bus: its commands in order, its reads beside them.
pub fn wire(builder: &mut Builder, deps: &Deps) {
    let queries = Arc::new(Queries::new(deps));
    let at_once = deps.settings.reads_max;
    builder
        .essential::<Messaging>(deps.clone())
        .reads::<ReadHistory, _>(READS, at_once, Arc::clone(&queries))
        .reads::<ListRooms, _>(READS, at_once, queries);
}
