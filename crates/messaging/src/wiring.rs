//! How messaging is put into a server.

use crate::api::{History, ListRooms};
use crate::{Messaging, Reader, Seed};
use bus::Builder;
use std::sync::Arc;

/// The semaphore of the concurrent answers.
const READS: &str = "messaging.reads";

/// Adds messaging to a bus: its commands in order, its reads beside them.
pub fn wire(builder: &mut Builder, seed: &Seed) {
    let reader = Arc::new(Reader::new(seed));
    let at_once = seed.settings.reads_max;
    builder
        .essential::<Messaging>(seed.clone())
        .reads::<History, _>(READS, at_once, Arc::clone(&reader))
        .reads::<ListRooms, _>(READS, at_once, reader);
}
