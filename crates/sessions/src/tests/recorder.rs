//! A subscriber that records the events of sessions.

use crate::api::{
    ConnectionId, EndReason, GuestExpired, GuestsUpgraded, OnlineUsers, PeopleForgettable,
    PresenceChanged, PresenceLoaded, Profile, ProfileChanged, SessionEnded, SessionId, UserId,
    UserRenamed,
};
use bus::{Context, Essential, Handles, LoadError, Subscriber, Wiring};
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// One recorded change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Online(UserId),
    Offline(UserId),
    Ended(SessionId, EndReason),
    Renamed(Arc<str>, Option<ConnectionId>),
    Upgraded(Vec<UserId>),
    ProfileChanged(Profile),
    GuestExpired(UserId),
    /// A user who has not ended, but went unseen for long.
    Forgettable(UserId),
}

/// The recorded changes.
#[derive(Clone, Default)]
pub(super) struct Recorded {
    changes: Arc<Mutex<Vec<Change>>>,
    presence_events: Arc<AtomicUsize>,
    online: Arc<RwLock<OnlineUsers>>,
    /// How often sessions has said that it forgot all connections.
    forgotten: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

impl Recorded {
    /// Takes the changes recorded since the last call.
    pub(super) fn take(&self) -> Vec<Change> {
        std::mem::take(&mut self.changes.lock())
    }

    /// Waits until there are changes, and takes them.
    pub(super) async fn next(&self) -> Vec<Change> {
        loop {
            let changes = self.take();
            if !changes.is_empty() {
                return changes;
            }
            self.changed.notified().await;
        }
    }

    /// Returns how many [`PresenceChanged`] events were published.
    pub(super) fn presence_events(&self) -> usize {
        self.presence_events.load(Ordering::Relaxed)
    }

    /// Returns who is online, as a crate that follows the facts sees it.
    pub(super) fn online(&self) -> RwLockReadGuard<'_, OnlineUsers> {
        self.online.read()
    }

    /// Returns how often all connections were forgotten.
    pub(super) fn forgotten(&self) -> usize {
        self.forgotten.load(Ordering::Relaxed)
    }

    fn note(&self, change: Change) {
        self.changes.lock().push(change);
        self.changed.notify_one();
    }
}

pub(super) struct Recorder(Recorded);

impl Subscriber for Recorder {
    const NAME: &'static str = "recorder";
    type Kind = Essential;
    type Deps = Recorded;

    async fn load(deps: &Recorded) -> Result<Self, LoadError> {
        Ok(Self(deps.clone()))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .on::<PresenceLoaded>()
            .on::<PresenceChanged>()
            .on::<SessionEnded>()
            .on::<UserRenamed>()
            .on::<GuestsUpgraded>()
            .on::<ProfileChanged>()
            .on::<GuestExpired>()
            .on::<PeopleForgettable>();
    }
}

impl Handles<PresenceLoaded> for Recorder {
    fn handle(&mut self, fact: &Arc<PresenceLoaded>, _ctx: &mut Context) {
        self.0.online.write().load(fact);
        let forgotten = usize::from(fact.connections_forgotten);
        self.0.forgotten.fetch_add(forgotten, Ordering::Relaxed);
    }
}

impl Handles<PresenceChanged> for Recorder {
    fn handle(&mut self, fact: &Arc<PresenceChanged>, _ctx: &mut Context) {
        self.0.online.write().change(fact);
        self.0.presence_events.fetch_add(1, Ordering::Relaxed);
        for (user, online) in &fact.changes {
            let changes = if *online {
                Change::Online
            } else {
                Change::Offline
            };
            self.0.note(changes(user.id));
        }
    }
}

impl Handles<SessionEnded> for Recorder {
    fn handle(&mut self, fact: &Arc<SessionEnded>, _ctx: &mut Context) {
        self.0.note(Change::Ended(fact.session, fact.reason));
    }
}

impl Handles<UserRenamed> for Recorder {
    fn handle(&mut self, fact: &Arc<UserRenamed>, _ctx: &mut Context) {
        let name = Arc::clone(&fact.user.name);
        self.0.note(Change::Renamed(name, fact.by));
    }
}

impl Handles<GuestsUpgraded> for Recorder {
    fn handle(&mut self, fact: &Arc<GuestsUpgraded>, _ctx: &mut Context) {
        self.0.note(Change::Upgraded(fact.users.clone()));
    }
}

impl Handles<ProfileChanged> for Recorder {
    fn handle(&mut self, fact: &Arc<ProfileChanged>, _ctx: &mut Context) {
        let profile = fact.person.profile.clone();
        self.0.note(Change::ProfileChanged(profile));
    }
}

impl Handles<GuestExpired> for Recorder {
    fn handle(&mut self, fact: &Arc<GuestExpired>, _ctx: &mut Context) {
        self.0.note(Change::GuestExpired(fact.user.id));
    }
}

impl Handles<PeopleForgettable> for Recorder {
    fn handle(&mut self, fact: &Arc<PeopleForgettable>, _ctx: &mut Context) {
        if fact.unseen_before.is_some() {
            for user in &fact.users {
                self.0.note(Change::Forgettable(*user));
            }
        }
    }
}
