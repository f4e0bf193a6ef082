//! How messaging is put on the bus.

use crate::api::{History, ListRooms};
use crate::{Messaging, Reader, Seed};
use bus::Builder;
use std::sync::Arc;

/// Adds messaging to a bus: its commands in order, its reads beside them.
pub fn wire(builder: &mut Builder, seed: Seed) {
    let at_once = seed.settings.reads_max;
    let reader = Arc::new(Reader::new(seed.database.clone()));
    builder
        .reads::<History, Reader>("messaging", at_once, Arc::clone(&reader))
        .reads::<ListRooms, Reader>("messaging", at_once, reader)
        .essential::<Messaging>(seed);
}
