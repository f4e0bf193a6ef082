//! What a replica is besides a database: the standby of a primary, as it is found to be.

use super::lag::Lag;
use super::outcome::ReplicaOutcomes;
use super::rest::Rest;
use super::signs::{NO_STANDBY, Signs};
use crate::inspect::foreign;
use crate::pool::Pool;
use crate::probe::{LIMIT, asked};
use crate::registry::unreachable;
use crate::slot::Slot;
use crate::store_info::StoreInfo;
use crate::{DatabaseConfig, DatabaseState, OpenError, StorageError};
use bus::Tasks;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// The tie to the primary.
pub(crate) struct Mirror {
    primary: Weak<Slot>,
    own: Arc<StoreInfo>,
    lag: Mutex<Lag>,
    pub(crate) rest: Rest,
    pub(crate) reads: ReplicaOutcomes,
}

/// Why a replica does not serve.
#[derive(Debug)]
pub(crate) enum Ailment {
    /// It cannot be asked.
    Away(StorageError),
    /// What it holds is not what its primary held.
    Strange(String),
    /// It has not replayed what the primary had so long ago.
    Behind(Duration),
}

impl Mirror {
    /// Of this primary; `own` is what the replica itself tells.
    pub(crate) fn of(primary: Weak<Slot>, own: &Arc<StoreInfo>) -> Self {
        Self {
            primary,
            own: Arc::clone(own),
            lag: Mutex::default(),
            rest: Rest::default(),
            reads: ReplicaOutcomes::default(),
        }
    }

    /// Looks at both, and says what is wrong with the replica.
    /// Those who were never compared, or never had caught up, do not serve yet.
    pub(crate) async fn examine(
        &self,
        pool: &Arc<Pool>,
        tasks: &Tasks,
        lag_max: Duration,
    ) -> Result<(), Ailment> {
        // The primary first: what it has now, the replica need not have before.
        let primary = self.primary(tasks).await;
        let signs = asked(pool, tasks, LIMIT, |reader| {
            Box::pin(Signs::of_standby(reader))
        });
        let own = signs.await.map_err(Ailment::Away)?;
        if !own.standby {
            return Err(Ailment::Strange(NO_STANDBY.to_owned()));
        }
        match primary {
            Some(primary) => self.compare(&primary, own, lag_max),
            // Nobody is let in without the primary either.
            None if self.own.system() != 0 => Ok(()),
            None => Err(Ailment::Strange("its primary cannot be asked".to_owned())),
        }
    }

    /// Forgets how it was: it is opened anew.
    pub(crate) fn begin(&self) {
        *self.lag() = Lag::default();
        self.own.mirrored(String::new(), 0);
        self.rest.over();
    }

    /// How long ago the primary had something that the replica lacks.
    pub(crate) fn behind(&self) -> Duration {
        self.lag().behind(Instant::now())
    }

    /// True while it is the standby of what the primary is now.
    pub(crate) fn is_of_epoch(&self, epoch: &str) -> bool {
        !epoch.is_empty() && self.own.epoch() == epoch
    }

    /// The name of the primary.
    pub(crate) fn primary_name(&self) -> Option<String> {
        Some(self.primary.upgrade()?.config().name)
    }

    async fn primary(&self, tasks: &Tasks) -> Option<Signs> {
        let parts = self.primary.upgrade()?.current()?;
        let signs = asked(&parts.pool, tasks, LIMIT, |reader| {
            Box::pin(Signs::of_primary(reader))
        });
        let signs = signs.await.ok()?;
        self.lag().primary_at(Instant::now(), signs.position);
        Some(signs)
    }

    fn compare(&self, primary: &Signs, own: Signs, lag_max: Duration) -> Result<(), Ailment> {
        if own.system != primary.system {
            let why = "it is a standby of another server than its primary";
            return Err(Ailment::Strange(why.to_owned()));
        }
        if own.epoch != primary.epoch {
            *self.lag() = Lag::default();
            return Err(Ailment::Strange(format!(
                "its epoch is {}, and that of its primary {}",
                own.epoch, primary.epoch
            )));
        }
        let mut lag = self.lag();
        lag.replica_at(own.position);
        if lag.is_astray() {
            let why = "it has replayed what its primary never kept: make it anew, then reset it";
            return Err(Ailment::Strange(why.to_owned()));
        }
        self.own.mirrored(own.epoch, own.system);
        let behind = lag.behind(Instant::now());
        if behind > lag_max || !lag.has_caught_up() {
            return Err(Ailment::Behind(behind));
        }
        Ok(())
    }

    fn lag(&self) -> MutexGuard<'_, Lag> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ailment {
    /// Whether a replica that is being opened may well be over it in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Behind(_) | Self::Away(StorageError::Unavailable { .. })
        )
    }

    /// Why a replica does not open.
    pub(crate) fn refusal(self, config: &DatabaseConfig) -> OpenError {
        let away = match self {
            Self::Away(error) => return error.into(),
            Self::Strange(why) => return foreign(config, &why),
            Self::Behind(_) => "it has not caught up with its primary",
        };
        unreachable(config, &away)
    }

    /// How a replica is with it; `None` when it is being closed.
    pub(crate) fn state(self) -> Option<(DatabaseState, String)> {
        match self {
            Self::Away(StorageError::Closed { .. }) => None,
            Self::Away(saturated @ StorageError::Saturated { .. }) => {
                Some((DatabaseState::Degraded, saturated.to_string()))
            }
            Self::Away(StorageError::Unavailable { cause, .. }) => {
                Some((DatabaseState::Lost, cause))
            }
            Self::Away(error) => Some((DatabaseState::Lost, error.to_string())),
            Self::Strange(why) => Some((DatabaseState::Lost, why)),
            Self::Behind(behind) => Some((
                DatabaseState::Degraded,
                format!("it is {:.1} s behind its primary", behind.as_secs_f64()),
            )),
        }
    }
}
