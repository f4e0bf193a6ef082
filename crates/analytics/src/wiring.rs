//! Adds analytics to a server.

use crate::counter::Counter;
use crate::probe::AnalyticsProbe;
use crate::{Analytics, Deps};
use bus::{Builder, Bus, Probe, Tasks};
use rooms::api::{Heads, ReadLog};
use std::sync::Arc;

/// Adds the subscriber and declares the requests it sends.
pub fn wire(builder: &mut Builder, deps: &Deps) {
    builder
        .isolated::<Analytics>(deps.clone())
        .asks::<ReadLog>()
        .asks::<Heads>();
}

/// Starts the counter. Call it after the bus has started.
pub fn tasks(tasks: &Tasks, bus: &Bus, deps: &Deps) {
    let (bus, deps, all) = (bus.clone(), deps.clone(), tasks.clone());
    tasks.restarting("analytics", "counter", move || {
        Counter::new(deps.clone(), bus.clone()).run(all.clone())
    });
}

/// Returns the probe for `/health/analytics`.
#[must_use]
pub fn probe(deps: &Deps) -> Arc<dyn Probe> {
    Arc::new(AnalyticsProbe(Arc::clone(&deps.operator_view)))
}
