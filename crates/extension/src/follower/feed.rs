//! The feed: one subscriber that hears of all entries on behalf of every follower.

use super::Inbox;
use bus::{
    Clock as _, Context, Handles, Isolated, LoadError, Missed, Subscriber, SystemClock, Wiring,
};
use rooms::api::{EntriesAppended, EntriesForgotten};
use std::sync::Arc;
use storage::StoreEpochChanged;

/// Puts what it hears into the inboxes of all followers. It is quick, so that its ring rarely fills.
pub(crate) struct Feed {
    inboxes: Vec<Arc<Inbox>>,
    clock: SystemClock,
}

impl Subscriber for Feed {
    const NAME: &'static str = "extensions.feed";
    type Kind = Isolated;
    type Deps = Vec<Arc<Inbox>>;

    async fn load(inboxes: &Vec<Arc<Inbox>>) -> Result<Self, LoadError> {
        Ok(Self {
            inboxes: inboxes.clone(),
            clock: SystemClock::new(),
        })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .on::<EntriesAppended>()
            .on::<EntriesForgotten>()
            .on::<StoreEpochChanged>();
    }

    async fn missed(&mut self, _missed: Missed, _ctx: &mut Context) -> anyhow::Result<()> {
        self.rescan();
        Ok(())
    }
}

impl Feed {
    fn rescan(&self) {
        self.inboxes.iter().for_each(|inbox| inbox.request_rescan());
    }
}

impl Handles<EntriesAppended> for Feed {
    fn handle(&mut self, event: &Arc<EntriesAppended>, _ctx: &mut Context) {
        let now = self.clock.wall_ms();
        for inbox in &self.inboxes {
            inbox.add(&event.rooms, now);
        }
    }
}

impl Handles<EntriesForgotten> for Feed {
    fn handle(&mut self, event: &Arc<EntriesForgotten>, _ctx: &mut Context) {
        for inbox in &self.inboxes {
            inbox.forget(&event.room, event.kept_from);
        }
    }
}

/// The rooms belong to another store, or an extension's own database was replaced. The engines find out
/// which: what they hear may reach them before this event.
impl Handles<StoreEpochChanged> for Feed {
    fn handle(&mut self, _event: &Arc<StoreEpochChanged>, _ctx: &mut Context) {
        self.rescan();
    }
}
