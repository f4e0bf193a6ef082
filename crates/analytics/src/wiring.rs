//! How analytics is put into a server.

use crate::counter::Counter;
use crate::probe::AnalyticsProbe;
use crate::{Analytics, Deps};
use bus::{Builder, Bus, Probe, Tasks};
use rooms::api::{Heads, ReadLog};
use std::sync::Arc;

/// Adds the subscriber.
pub fn wire(builder: &mut Builder, deps: &Deps) {
    builder
        .isolated::<Analytics>(deps.clone())
        .asks::<ReadLog>()
        .asks::<Heads>();
}

/// Starts the counter. Call it when the bus has started.
pub fn tasks(tasks: &Tasks, bus: &Bus, deps: &Deps) {
    let (bus, deps, all) = (bus.clone(), deps.clone(), tasks.clone());
    tasks.restarting("analytics", "counter", move || {
        Counter::new(deps.clone(), bus.clone()).run(all.clone())
    });
}

/// What the operator sees of it.
#[must_use]
pub fn probe(deps: &Deps) -> Arc<dyn Probe> {
    Arc::new(AnalyticsProbe(Arc::clone(&deps.operator_view)))
}
