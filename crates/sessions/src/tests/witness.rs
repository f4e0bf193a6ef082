//! A subscriber that records the events of sessions.

use crate::api::{
    EndReason, GuestExpired, PeopleForgettable, PresenceChanged, SessionEnded, SessionId, UserId,
};
use bus::{Context, Handles, LoadError, Subscriber, Wiring};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// One recorded change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stated {
    Online(UserId),
    Offline(UserId),
    Ended(SessionId, EndReason),
    GuestExpired(UserId),
    /// A user who has not ended, but went unseen for long.
    Forgettable(UserId),
}

/// The recorded changes.
#[derive(Clone, Default)]
pub(super) struct Notes {
    stated: Arc<Mutex<Vec<Stated>>>,
    presence_facts: Arc<AtomicUsize>,
    news: Arc<Notify>,
}

impl Notes {
    /// Takes the changes recorded since the last call.
    pub(super) fn take(&self) -> Vec<Stated> {
        std::mem::take(&mut self.stated.lock().unwrap())
    }

    /// Waits until there are changes, and takes them.
    pub(super) async fn next(&self) -> Vec<Stated> {
        loop {
            let stated = self.take();
            if !stated.is_empty() {
                return stated;
            }
            self.news.notified().await;
        }
    }

    /// Returns how many [`PresenceChanged`] events were published.
    pub(super) fn presence_facts(&self) -> usize {
        self.presence_facts.load(Ordering::Relaxed)
    }

    fn note(&self, stated: Stated) {
        self.stated.lock().unwrap().push(stated);
        self.news.notify_one();
    }
}

pub(super) struct Witness(Notes);

impl Subscriber for Witness {
    const NAME: &'static str = "witness";
    type Deps = Notes;

    async fn load(deps: &Notes) -> Result<Self, LoadError> {
        Ok(Self(deps.clone()))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .on::<PresenceChanged>()
            .on::<SessionEnded>()
            .on::<GuestExpired>()
            .on::<PeopleForgettable>();
    }
}

impl Handles<PresenceChanged> for Witness {
    async fn handle(
        &mut self,
        fact: &Arc<PresenceChanged>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.0.presence_facts.fetch_add(1, Ordering::Relaxed);
        for (user, online) in &fact.changes {
            let stated = if *online {
                Stated::Online
            } else {
                Stated::Offline
            };
            self.0.note(stated(user.id));
        }
        Ok(())
    }
}

impl Handles<SessionEnded> for Witness {
    async fn handle(&mut self, fact: &Arc<SessionEnded>, _ctx: &mut Context) -> anyhow::Result<()> {
        self.0.note(Stated::Ended(fact.session, fact.reason));
        Ok(())
    }
}

impl Handles<GuestExpired> for Witness {
    async fn handle(&mut self, fact: &Arc<GuestExpired>, _ctx: &mut Context) -> anyhow::Result<()> {
        self.0.note(Stated::GuestExpired(fact.user.id));
        Ok(())
    }
}

impl Handles<PeopleForgettable> for Witness {
    async fn handle(
        &mut self,
        fact: &Arc<PeopleForgettable>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        if fact.unseen_before.is_some() {
            for user in &fact.users {
                self.0.note(Stated::Forgettable(*user));
            }
        }
        Ok(())
    }
}
