//! Publishes, a few at a time, the users whose rows may no longer be needed, so that other crates
//! can release them.

use crate::api::{PeopleEnded, PeopleForgettable, UserId};
use crate::deps::Deps;
use crate::store::{housekeeping, user_sessions};
use bus::Bus;
use bus::millis;
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use storage::StorageError;

/// The most batches of one run; other writes run between batches and between runs.
const BATCHES_MAX: usize = 50;
/// The pause between two sweeps of all users.
const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);
/// Where a sweep starts.
const FIRST: UserId = UserId([0; 16]);

/// Sweeps the ended users, then those of identity providers, then pauses.
#[derive(Clone)]
pub(crate) struct Sweep {
    bus: Bus,
    deps: Deps,
    position: Arc<Mutex<SweepPosition>>,
}

/// How far the sweep has come.
#[derive(Debug, Clone, Copy)]
enum SweepPosition {
    Ended(UserId),
    WithIdentity(UserId),
    /// Until this uptime.
    Paused(Duration),
}

impl Sweep {
    pub(crate) fn new(bus: &Bus, deps: &Deps) -> Self {
        Self {
            bus: bus.clone(),
            deps: deps.clone(),
            position: Arc::new(Mutex::new(SweepPosition::Ended(FIRST))),
        }
    }

    /// Runs some batches. A batch that fails is repeated in the next run.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        for _ in 0..BATCHES_MAX {
            let position = *self.position.lock();
            let next = match position {
                SweepPosition::Paused(until) if self.deps.clock.uptime() < until => return Ok(()),
                SweepPosition::Paused(_) => SweepPosition::Ended(FIRST),
                SweepPosition::Ended(after) => self.ended(after).await?,
                SweepPosition::WithIdentity(after) => self.with_identity(after).await?,
            };
            *self.position.lock() = next;
        }
        Ok(())
    }

    async fn ended(&self, after: UserId) -> Result<SweepPosition, StorageError> {
        let read = self.deps.database.read("sessions.ended", move |reader| {
            async move { housekeeping::ended_after(reader, after, batch_size()).await }.boxed()
        });
        let users = read.await?;
        let Some(last) = users.last().copied() else {
            return Ok(SweepPosition::WithIdentity(FIRST));
        };
        let unseen_before = None;
        let forgettable = PeopleForgettable {
            users: users.clone(),
            unseen_before,
        };
        self.bus.publish(PeopleEnded { users }).await;
        self.bus.publish(forgettable).await;
        Ok(SweepPosition::Ended(last))
    }

    /// Skips this part while the clock is not trusted; the next sweep does it.
    async fn with_identity(&self, after: UserId) -> anyhow::Result<SweepPosition> {
        if !self.deps.trusts_clock().await? {
            return Ok(SweepPosition::Paused(self.deps.clock.uptime() + PAUSE));
        }
        let unseen = millis(self.deps.settings.session_unseen);
        let before = self.deps.clock.wall_ms().saturating_sub(unseen);
        let read = self.deps.database.read("sessions.vouched", move |reader| {
            async move {
                let users = housekeeping::with_identity_after(reader, after, batch_size()).await?;
                let last = users.last().map(|(id, _)| *id);
                let unseen = users.into_iter().filter(|(_, seen_at)| *seen_at < before);
                let mut unseen: Vec<UserId> = unseen.map(|(id, _)| id).collect();
                let with_session: HashSet<UserId> =
                    user_sessions::with_any_session(reader, &unseen).await?;
                unseen.retain(|id| !with_session.contains(id));
                Ok((last, unseen))
            }
            .boxed()
        });
        let (last, users) = read.await?;
        if !users.is_empty() {
            let unseen_before = Some(before);
            let forgettable = PeopleForgettable {
                users,
                unseen_before,
            };
            self.bus.publish(forgettable).await;
        }
        let paused = || SweepPosition::Paused(self.deps.clock.uptime() + PAUSE);
        Ok(last.map_or_else(paused, SweepPosition::WithIdentity))
    }
}

fn batch_size() -> i64 {
    i64::try_from(PeopleEnded::MAX).unwrap_or(i64::MAX)
}
