//! How analytics is put into a server.

use crate::counter::Counter;
use crate::probe::AnalyticsProbe;
use crate::{Analytics, Seed};
use bus::{Builder, Bus, Probe, Tasks};
use rooms::api::{Heads, ReadLog};
use std::sync::Arc;

/// Adds the subscriber.
pub fn wire(builder: &mut Builder, seed: &Seed) {
    builder
        .isolated::<Analytics>(seed.clone())
        .asks::<ReadLog>()
        .asks::<Heads>();
}

/// Starts the counter. Call it when the bus has started.
pub fn tasks(tasks: &Tasks, bus: &Bus, seed: &Seed) {
    let (bus, seed, all) = (bus.clone(), seed.clone(), tasks.clone());
    tasks.restarting("analytics", "counter", move || {
        Counter::new(seed.clone(), bus.clone()).run(all.clone())
    });
}

/// What the operator sees of it.
#[must_use]
pub fn probe(seed: &Seed) -> Arc<dyn Probe> {
    Arc::new(AnalyticsProbe(Arc::clone(&seed.board)))
}
