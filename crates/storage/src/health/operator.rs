//! The operator's probes of databases and pools, and the one action on a database: a reset.

use crate::registry::{Databases, Slot};
use crate::{ControlError, DatabaseMetrics, DatabaseState};
use bus::{ActError, Acting, OperatorActions, Probe, ProbeState};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// If callers wait longer than this for a connection, or for the answer to a write, a pool is
/// unhealthy.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// How long a reset waits for work under way.
const DRAIN: Duration = Duration::from_secs(5);

/// The probe `databases`: the state of each database.
pub(crate) struct DatabasesProbe(pub(crate) Arc<Databases>);

/// The probe `db-pool`: whether callers get connections.
pub(crate) struct PoolProbe(pub(crate) Arc<Databases>);

impl Probe for DatabasesProbe {
    fn name(&self) -> &'static str {
        "databases"
    }

    fn critical(&self) -> bool {
        true
    }

    fn state(&self) -> ProbeState {
        let states = self.0.all().into_iter().map(|slot| slot.state());
        states.fold(ProbeState::Ok, |worst, state| match (worst, state) {
            (ProbeState::Down, _) | (_, ProbeState::Down) => ProbeState::Down,
            (ProbeState::Ok, state) => state,
            (worst, _) => worst,
        })
    }

    fn json(&self) -> String {
        let status = word(self.state());
        let databases = by_name(&self.0, Slot::status_json);
        json!({ "status": status, "databases": databases }).to_string()
    }
}

/// The actions `databases`.
pub(crate) struct DatabaseActions(pub(crate) Arc<Databases>);

impl OperatorActions for DatabaseActions {
    fn name(&self) -> &'static str {
        "databases"
    }

    /// Handles `{name}/reset`: closes a database and opens it again; answers with its state
    /// afterwards.
    fn act(&self, path: &str) -> Option<Acting> {
        let name = path.strip_suffix("/reset")?;
        let slot = self.0.named(name)?;
        let (databases, name) = (Arc::clone(&self.0), name.to_owned());
        Some(Box::pin(async move {
            tracing::warn!(database = %name, "resetting a database on request");
            match databases.reset(&name, DRAIN).await {
                Ok(()) => Ok(slot.status_json().to_string()),
                Err(ControlError::Busy(_)) => Err(ActError::Busy),
                Err(error) => Err(ActError::Failed(error.to_string())),
            }
        }))
    }
}

impl Probe for PoolProbe {
    fn name(&self) -> &'static str {
        "db-pool"
    }

    fn critical(&self) -> bool {
        false
    }

    fn state(&self) -> ProbeState {
        if self.0.all().iter().all(|slot| slot.pool_is_healthy()) {
            ProbeState::Ok
        } else {
            ProbeState::Degraded
        }
    }

    fn json(&self) -> String {
        let healthy = self.state() == ProbeState::Ok;
        let databases = by_name(&self.0, Slot::pool_json);
        json!({ "healthy": healthy, "databases": databases }).to_string()
    }
}

impl Slot {
    /// Returns what the database's state means for the server: without a critical one it is down.
    fn state(&self) -> ProbeState {
        match self.state_tracker().state() {
            DatabaseState::Connected => ProbeState::Ok,
            DatabaseState::Connecting | DatabaseState::Lost | DatabaseState::Closed
                if self.config().critical =>
            {
                ProbeState::Down
            }
            _ => ProbeState::Degraded,
        }
    }

    fn status_json(&self) -> Value {
        let (metrics, shared) = (self.metrics(), &self.context.shared);
        json!({
            "status": word(self.state()),
            "condition": metrics.state.name(),
            "cause": shared.state_tracker.cause(),
            "backend": metrics.backend.name(),
            "critical": metrics.critical,
            "durability": shared.store_info.durability(),
            "epoch": shared.store_info.epoch(),
            "last_error": self.last_error(),
            "lanes": {
                "count": metrics.lanes.lanes,
                "queued": metrics.lanes.queued,
                "jobs": metrics.lanes.jobs,
                "batches": metrics.lanes.batches,
                "repeats": metrics.lanes.repeats,
            },
            "read_repeats": metrics.read_repeats,
            "replica": metrics.replica.map(|replica| json!({
                "of": replica.primary,
                "behind_ms": ms(replica.behind),
                "reads": replica.reads.iter().map(|(outcome, reads)| (outcome.name(), *reads))
                    .collect::<BTreeMap<_, _>>(),
            })),
        })
    }

    fn pool_is_healthy(&self) -> bool {
        let waits = self.current().map(|open| open.pool.gate().longest_wait());
        self.state_tracker().state() == DatabaseState::Connected
            && waits.is_some_and(|longest| longest <= LONG_WAIT)
            && self.oldest_job() <= LONG_WAIT
    }

    fn pool_json(&self) -> Value {
        let DatabaseMetrics { pool, lanes, .. } = self.metrics();
        let acquires = &pool.acquire_micros;
        let millis = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1_000.0;
        json!({
            "total": pool.total,
            "idle": pool.idle,
            "in_use": pool.in_use,
            "waiting": pool.waiting,
            "max": pool.max,
            "healthy": self.pool_is_healthy(),
            "condition": self.state_tracker().state().name(),
            "longest_wait_ms": ms(pool.longest_wait),
            "acquire": {
                "count": acquires.count(),
                "mean_ms": millis(acquires.mean()),
                "p99_ms": millis(acquires.quantile(990)),
                "max_ms": millis(acquires.max),
            },
            "timeouts": pool.timeouts,
            "lanes": { "queued": lanes.queued, "oldest_ms": ms(lanes.oldest) },
            "holders": self.holders(),
            "last_error": self.last_error(),
        })
    }

    /// Returns who holds connections now, the longest first.
    fn holders(&self) -> Vec<Value> {
        let Some(open) = self.current() else {
            return Vec::new();
        };
        let holders = open.pool.gate().holders().into_iter();
        holders
            .map(|(request, held)| {
                json!({
                    "subscriber": request.subscriber(),
                    "operation": request.operation,
                    "jobs": request.jobs(),
                    "others": request.others(),
                    "for_ms": ms(held),
                })
            })
            .collect()
    }

    fn last_error(&self) -> Value {
        self.context.shared.last_error.last().map_or(
            Value::Null,
            |(text, at)| json!({ "text": text, "ago_ms": ms(at.elapsed()) }),
        )
    }
}

fn word(state: ProbeState) -> &'static str {
    match state {
        ProbeState::Ok => "ok",
        ProbeState::Degraded => "degraded",
        ProbeState::Down => "unavailable",
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn by_name(databases: &Databases, json: impl Fn(&Slot) -> Value) -> Value {
    let lines = databases
        .all()
        .into_iter()
        .map(|slot| (slot.config().name, json(&slot)));
    Value::Object(lines.collect::<Map<_, _>>())
}
