//! The periodic tasks of sessions.

use crate::api::{GuestsUpgraded, PeopleEnded};
use crate::deps::Deps;
use crate::jobs::{Expire, NoteSeen};
use crate::presence::{ConnectedSessionsRead, Tick};
use crate::store::users;
use crate::subscriber::{Sessions, connected_sessions};
use crate::sweep::Sweep;
use bus::millis;
use bus::{Bus, Subscriber as _, Tasks};
use futures_util::FutureExt as _;
use std::time::Duration;

/// How often grace periods are checked; short compared to the shortest of them.
const TICK: Duration = Duration::from_millis(250);
/// How often sessions seen without a connection are written to storage.
const SEEN: Duration = Duration::from_secs(60);
/// How often unseen sessions and guests expire, and connected sessions are read from storage.
const EXPIRY: Duration = Duration::from_secs(10 * 60);
/// The most batches of one expiry run; the next run goes on from there.
const BATCHES_MAX: usize = 20;
/// When the first sweep for unneeded rows runs after the start, and how often after that.
const SWEEP_SOON: Duration = Duration::from_secs(2);
const SWEEP: Duration = Duration::from_secs(60);
/// The jitter of the slow timers, as a fraction of their period.
const JITTER: f64 = 0.2;
/// The time limit of a timer's write; long, since nothing waits for it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Starts the timers of sessions: grace periods, last-seen times, expiry and sweeps.
pub fn tasks(tasks: &Tasks, bus: &Bus, deps: &Deps) {
    let owner = Sessions::NAME;
    let timer = Timers {
        bus: bus.clone(),
        deps: deps.clone(),
    };
    let own = timer.clone();
    tasks.periodic(owner, "sessions.tick", TICK, 0.0, move || {
        own.clone().tick()
    });
    let own = timer.clone();
    tasks.periodic(owner, "sessions.seen", SEEN, JITTER, move || {
        own.clone().write_seen()
    });
    let own = timer.clone();
    tasks.periodic(owner, "sessions.expiry", EXPIRY, JITTER, move || {
        own.clone().expire()
    });
    let own = timer.clone();
    tasks.delayed(owner, "sessions.upgraded", SWEEP_SOON, async move {
        if let Err(error) = own.publish_upgraded().await {
            tracing::warn!(%error, "cannot read which guests became accounts before the start");
        }
    });
    let sweep = Sweep::new(bus, deps);
    let own = sweep.clone();
    tasks.delayed(owner, "sessions.first_sweep", SWEEP_SOON, async move {
        if let Err(error) = own.run().await {
            tracing::warn!(%error, "the first sweep for users to forget failed, will retry");
        }
    });
    tasks.periodic(owner, "sessions.sweep", SWEEP, JITTER, move || {
        sweep.clone().run()
    });
    tasks.periodic(owner, "sessions.count", EXPIRY, JITTER, move || {
        timer.clone().count()
    });
}

/// The work of the timers.
#[derive(Clone)]
pub(crate) struct Timers {
    pub(crate) bus: Bus,
    pub(crate) deps: Deps,
}

impl Timers {
    async fn tick(self) -> anyhow::Result<()> {
        self.bus.publish(Tick).await;
        Ok(())
    }

    pub(crate) async fn write_seen(self) -> anyhow::Result<()> {
        self.deps.limits.forget_old();
        let sessions = self.deps.seen.take();
        if sessions.is_empty() {
            return Ok(());
        }
        let job = NoteSeen {
            seen: sessions,
            now: self.deps.clock.wall_ms(),
        };
        let Ok(()) = self.deps.database.write(job, WRITE_WITHIN).await?;
        Ok(())
    }

    pub(crate) async fn expire(self) -> anyhow::Result<()> {
        if !self.deps.trusts_clock().await? {
            return Ok(());
        }
        let settings = &self.deps.settings;
        for _ in 0..BATCHES_MAX {
            let job = Expire {
                now: self.deps.clock.wall_ms(),
                session_unseen_ms: millis(settings.session_unseen),
                guest_unseen_ms: millis(settings.guest_unseen),
            };
            let Ok(more) = self.deps.database.write(job, WRITE_WITHIN).await?;
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// A crash may have lost the event of the latest ones.
    pub(crate) async fn publish_upgraded(self) -> anyhow::Result<()> {
        let max = i64::try_from(PeopleEnded::MAX).unwrap_or(i64::MAX);
        let read = self.deps.database.read("sessions.upgraded", move |reader| {
            async move { users::upgraded(reader, max).await }.boxed()
        });
        let users = read.await?;
        if !users.is_empty() {
            self.bus.publish(GuestsUpgraded { users }).await;
        }
        Ok(())
    }

    pub(crate) async fn count(self) -> anyhow::Result<()> {
        let connected = connected_sessions(&self.deps.database).await?;
        self.bus.publish(ConnectedSessionsRead(connected)).await;
        Ok(())
    }
}
