//! The subscriber: it only takes down what it hears, so that its ring hardly ever fills.

use crate::Seed;
use bus::{Context, Handles, LoadError, Missed, Subscriber, Wiring};
use rooms::api::EntriesAppended;
use std::sync::Arc;
use storage::EpochChanged;

/// Hears every entry. All its truth is in its database.
pub struct Analytics {
    seed: Seed,
}

impl Subscriber for Analytics {
    const NAME: &'static str = "analytics";
    type Seed = Seed;

    async fn load(seed: &Seed) -> Result<Self, LoadError> {
        Ok(Self { seed: seed.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<EntriesAppended>().on::<EpochChanged>();
    }

    async fn missed(&mut self, _missed: Missed, _ctx: &mut Context) -> anyhow::Result<()> {
        self.seed.desk.look_at_everything();
        Ok(())
    }
}

impl Handles<EntriesAppended> for Analytics {
    async fn handle(
        &mut self,
        event: &Arc<EntriesAppended>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.seed.desk.hear(&event.rooms, (self.seed.clock)());
        Ok(())
    }
}

/// The logs are those of another store, or our own database is another one.
impl Handles<EpochChanged> for Analytics {
    async fn handle(
        &mut self,
        _event: &Arc<EpochChanged>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.seed.desk.look_at_everything();
        Ok(())
    }
}
