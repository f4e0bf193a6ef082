//! The subscriber: it only puts entries into the inbox, so that its ring rarely fills.

use crate::Deps;
use bus::{Context, Handles, Isolated, LoadError, Missed, Subscriber, Wiring};
use rooms::api::EntriesAppended;
use std::sync::Arc;
use storage::StoreEpochChanged;

/// Receives every entry for the counter. Its state is in its database.
pub struct Analytics {
    deps: Deps,
}

impl Subscriber for Analytics {
    const NAME: &'static str = "analytics";
    type Kind = Isolated;
    type Deps = Deps;

    async fn load(deps: &Deps) -> Result<Self, LoadError> {
        Ok(Self { deps: deps.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<EntriesAppended>().on::<StoreEpochChanged>();
    }

    async fn missed(&mut self, _missed: Missed, _ctx: &mut Context) -> anyhow::Result<()> {
        self.deps.inbox.request_rescan();
        Ok(())
    }
}

impl Handles<EntriesAppended> for Analytics {
    fn handle(&mut self, event: &Arc<EntriesAppended>, _ctx: &mut Context) {
        self.deps.inbox.add(&event.rooms, self.deps.clock.wall_ms());
    }
}

/// The logs belong to another store, or our own database was replaced.
impl Handles<StoreEpochChanged> for Analytics {
    fn handle(&mut self, _event: &Arc<StoreEpochChanged>, _ctx: &mut Context) {
        self.deps.inbox.request_rescan();
    }
}
