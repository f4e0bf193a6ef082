//! The subscriber: it only takes down what it hears, so that its ring hardly ever fills.

use crate::Deps;
use bus::{Context, Handles, LoadError, Missed, Subscriber, Wiring};
use rooms::api::EntriesAppended;
use std::sync::Arc;
use storage::StoreEpochChanged;

/// Hears every entry. All its truth is in its database.
pub struct Analytics {
    deps: Deps,
}

impl Subscriber for Analytics {
    const NAME: &'static str = "analytics";
    type Deps = Deps;

    async fn load(deps: &Deps) -> Result<Self, LoadError> {
        Ok(Self { deps: deps.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<EntriesAppended>().on::<StoreEpochChanged>();
    }

    async fn missed(&mut self, _missed: Missed, _ctx: &mut Context) -> anyhow::Result<()> {
        self.deps.desk.look_at_everything();
        Ok(())
    }
}

impl Handles<EntriesAppended> for Analytics {
    async fn handle(
        &mut self,
        event: &Arc<EntriesAppended>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.deps.desk.hear(&event.rooms, (self.deps.clock)());
        Ok(())
    }
}

/// The logs are those of another store, or our own database is another one.
impl Handles<StoreEpochChanged> for Analytics {
    async fn handle(
        &mut self,
        _event: &Arc<StoreEpochChanged>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.deps.desk.look_at_everything();
        Ok(())
    }
}
