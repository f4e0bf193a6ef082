//! A replica and its link to the primary: whether it is a standby of that primary, and how far
//! behind.

use super::circuit_breaker::CircuitBreaker;
use super::lag::Lag;
use super::outcome::ReplicaOutcomes;
use super::problem::ReplicaProblem;
use super::server_status::{NO_STANDBY, ServerStatus};
use crate::DatabaseState;
use crate::health::{LIMIT, StoreInfo, ask};
use crate::pool::ConnectionPool;
use crate::registry::{Contents, DatabaseContext};
use parking_lot::{Mutex, MutexGuard};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// A replica and its link to the primary.
pub(crate) struct ReadReplica {
    pub(super) contents: Arc<Contents>,
    pub(super) context: DatabaseContext,
    primary: Weak<Contents>,
    lag: Mutex<Lag>,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) reads: ReplicaOutcomes,
}

impl ReadReplica {
    pub(crate) fn of(
        primary: &Arc<Contents>,
        contents: &Arc<Contents>,
        context: &DatabaseContext,
    ) -> Self {
        Self {
            contents: Arc::clone(contents),
            context: context.clone(),
            primary: Arc::downgrade(primary),
            lag: Mutex::default(),
            breaker: CircuitBreaker::default(),
            reads: ReplicaOutcomes::default(),
        }
    }

    /// Asks both servers and compares them. Fails if the replica must not serve; one that was never
    /// compared, or has never caught up, must not serve yet.
    pub(crate) async fn check(
        &self,
        pool: &Arc<ConnectionPool>,
        lag_max: Duration,
    ) -> Result<(), ReplicaProblem> {
        // The primary first: what it has now, the replica need not have before.
        let primary = self.primary_status().await;
        let status = ask(pool, &self.context.tasks, LIMIT, |reader| {
            Box::pin(ServerStatus::of_standby(reader))
        });
        let own = status.await.map_err(ReplicaProblem::Away)?;
        if !own.standby {
            return Err(ReplicaProblem::Foreign(NO_STANDBY.to_owned()));
        }
        match primary {
            Some(primary) => self.compare(&primary, own, lag_max),
            // It was compared before, and serves on while its primary is away.
            None if self.own_info().system() != 0 => Ok(()),
            None => {
                let why = "its primary does not answer";
                Err(ReplicaProblem::Foreign(why.to_owned()))
            }
        }
    }

    /// Forgets all earlier findings: the replica is being opened again.
    pub(crate) fn reset(&self) {
        *self.lag() = Lag::default();
        self.own_info().set_replica(String::new(), 0);
        self.breaker.succeeded();
    }

    /// How long ago the primary had something that the replica lacks.
    pub(crate) fn behind(&self) -> Duration {
        self.lag().behind(Instant::now())
    }

    /// Whether a read may be tried here: the replica is well, of this epoch, and not left alone.
    pub(super) fn may_serve(&self, epoch: &str) -> bool {
        let is_of_epoch = !epoch.is_empty() && self.own_info().epoch() == epoch;
        self.context.shared.state_tracker.state() == DatabaseState::Connected
            && is_of_epoch
            && self.breaker.allow()
    }

    pub(crate) fn primary_name(&self) -> Option<String> {
        Some(self.primary.upgrade()?.config().name)
    }

    async fn primary_status(&self) -> Option<ServerStatus> {
        let open = self.primary.upgrade()?.current()?;
        let status = ask(&open.pool, &self.context.tasks, LIMIT, |reader| {
            Box::pin(ServerStatus::of_primary(reader))
        });
        let status = status.await.ok()?;
        self.lag().primary_at(Instant::now(), status.position);
        Some(status)
    }

    fn compare(
        &self,
        primary: &ServerStatus,
        own: ServerStatus,
        lag_max: Duration,
    ) -> Result<(), ReplicaProblem> {
        if own.system != primary.system {
            let why = "it is a standby of another server than its primary";
            return Err(ReplicaProblem::Foreign(why.to_owned()));
        }
        if own.epoch != primary.epoch {
            *self.lag() = Lag::default();
            return Err(ReplicaProblem::Foreign(format!(
                "its epoch is {}, and that of its primary {}",
                own.epoch, primary.epoch
            )));
        }
        let mut lag = self.lag();
        lag.replica_at(own.position);
        if lag.is_astray() {
            let why =
                "it has replayed what its primary never kept: create a new standby, then reset it";
            return Err(ReplicaProblem::Foreign(why.to_owned()));
        }
        self.own_info().set_replica(own.epoch, own.system);
        let behind = lag.behind(Instant::now());
        if behind > lag_max || !lag.has_caught_up() {
            return Err(ReplicaProblem::Behind(behind));
        }
        Ok(())
    }

    fn own_info(&self) -> &StoreInfo {
        &self.context.shared.store_info
    }

    fn lag(&self) -> MutexGuard<'_, Lag> {
        self.lag.lock()
    }
}
