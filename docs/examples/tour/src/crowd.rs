//! Two subscribers: one follows who is online and states a fact of its own, the other sends pushes.

use crate::figures::Figures;
use crate::settings::Settings;
use parlor::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A fact of this extension: many people are online.
pub(crate) struct CrowdGathered {
    people: u64,
}

impl Event for CrowdGathered {
    const NAME: &'static str = "tour.crowd_gathered";
}

impl Stated for CrowdGathered {}

/// Counts who is online.
pub(crate) struct Crowd {
    online: HashSet<UserId>,
    crowd: u64,
    figures: Arc<Figures>,
}

impl Subscriber for Crowd {
    const NAME: &'static str = "tour.crowd";
    type Kind = Isolated;
    type Deps = (Cx, Arc<Figures>);

    async fn load((cx, figures): &Self::Deps) -> Result<Self, LoadError> {
        let crowd = cx.settings::<Settings>().crowd;
        Ok(Self { online: HashSet::new(), crowd, figures: figures.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<PresenceChanged>();
    }

    async fn missed(&mut self, _missed: Missed, _ctx: &mut Context) -> anyhow::Result<()> {
        // Who came and went meanwhile is unknown: count from here on.
        self.online.clear();
        Ok(())
    }
}

impl Handles<PresenceChanged> for Crowd {
    fn handle(&mut self, event: &Arc<PresenceChanged>, ctx: &mut Context) {
        let before = self.figures.online.load(Relaxed);
        for (user, is_online) in &event.changes {
            if *is_online {
                self.online.insert(user.id);
            } else {
                self.online.remove(&user.id);
            }
        }
        let people = self.online.len() as u64;
        self.figures.online.store(people, Relaxed);
        if before < self.crowd && people >= self.crowd {
            ctx.emit(CrowdGathered { people });
        }
    }
}

/// Tells everyone in `general` about a crowd.
pub(crate) struct Announcer(Cx);

impl Subscriber for Announcer {
    const NAME: &'static str = "tour.announcer";
    type Kind = Isolated;
    type Deps = Cx;

    async fn load(cx: &Cx) -> Result<Self, LoadError> {
        Ok(Self(cx.clone()))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<CrowdGathered>();
    }
}

impl Handles<CrowdGathered> for Announcer {
    fn handle(&mut self, event: &Arc<CrowdGathered>, _ctx: &mut Context) {
        let general = PushTarget::Room(RoomKey("general".into()));
        let body = serde_json::json!({ "people": event.people });
        if let Err(error) = self.0.push(general, "crowd", &body) {
            tracing::warn!(%error, "could not announce a crowd");
        }
    }
}
