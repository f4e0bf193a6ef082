//! How a database is: asked by a probe every few seconds, shown to the operator.

use crate::pool::Pool;
use crate::registry::Databases;
use crate::{Database, StorageError, query};
use bus::{Probe, ProbeState, Task, Tasks};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a database is asked whether it is there, and how long it may take to say so.
const PROBE_EVERY: Duration = Duration::from_secs(5);
const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// Callers that wait longer than this for a connection make a pool unhealthy.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// What the last probe found.
#[derive(Debug, Default)]
pub(crate) struct Health {
    away: AtomicBool,
}

impl Health {
    pub(crate) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }
}

impl Database {
    /// Asks it for something real.
    pub(crate) async fn ping(&self) -> Result<(), StorageError> {
        self.read("storage.probe", |reader| {
            Box::pin(async move {
                query!(reader, |c| diesel::sql_query("SELECT 1").execute(c))?;
                Ok(())
            })
        })
        .await
    }

    /// Keeps asking.
    pub(crate) fn probe_on(&self, tasks: &Tasks) -> Task {
        let name = format!("{} probe", self.name());
        let database = self.clone();
        tasks.periodic("storage", name, PROBE_EVERY, 0.1, move || {
            database.clone().probe()
        })
    }

    async fn probe(self) -> anyhow::Result<()> {
        let answer = tokio::time::timeout(PROBE_LIMIT, self.ping()).await;
        let away = !matches!(answer, Ok(Ok(())));
        self.parts().health.away.store(away, Ordering::Relaxed);
        answer.map_err(|_| anyhow::anyhow!("no answer within {PROBE_LIMIT:?}"))??;
        Ok(())
    }

    fn figures(&self) -> Value {
        let parts = self.parts();
        let count = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
        let lanes = parts.lanes.iter().map(|lane| {
            let lane = lane.figures();
            json!({
                "queued": lane.queued.load(Ordering::Relaxed),
                "jobs": count(&lane.jobs),
                "batches": count(&lane.batches),
                "repeats": count(&lane.repeats),
            })
        });
        json!({
            "status": if parts.health.is_away() { "unavailable" } else { "ok" },
            "backend": parts.backend.name(),
            "critical": parts.critical,
            "durability": self.durability(),
            "epoch": self.epoch(),
            "last_error": parts.pool.trouble().last(),
            "lanes": lanes.collect::<Vec<_>>(),
        })
    }

    fn pool_is_healthy(&self) -> bool {
        let parts = self.parts();
        !parts.health.is_away() && parts.pool.gate().longest_wait() <= LONG_WAIT
    }

    fn pool_figures(&self) -> Value {
        let pool: &Pool = &self.parts().pool;
        let (total, idle) = pool.size();
        json!({
            "total": total,
            "idle": idle,
            "in_use": pool.gate().in_use(),
            "waiting": pool.gate().waiting(),
            "max": pool.gate().max(),
            "healthy": self.pool_is_healthy(),
        })
    }
}

/// `databases`: is each of them there?
pub(crate) struct DatabasesProbe(pub(crate) Arc<Databases>);

/// `db-pool`: do callers get a connection?
pub(crate) struct PoolProbe(pub(crate) Arc<Databases>);

impl Probe for DatabasesProbe {
    fn name(&self) -> &'static str {
        "databases"
    }

    fn critical(&self) -> bool {
        true
    }

    fn state(&self) -> ProbeState {
        let away = self
            .0
            .all()
            .into_iter()
            .filter(|d| d.parts().health.is_away());
        let worst = away.map(|d| d.parts().critical).max();
        match worst {
            None => ProbeState::Ok,
            Some(false) => ProbeState::Degraded,
            Some(true) => ProbeState::Down,
        }
    }

    fn json(&self) -> String {
        by_name(&self.0, Database::figures).to_string()
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
        let healthy = self.0.all().iter().all(Database::pool_is_healthy);
        if healthy {
            ProbeState::Ok
        } else {
            ProbeState::Degraded
        }
    }

    fn json(&self) -> String {
        let healthy = self.0.all().iter().all(Database::pool_is_healthy);
        let databases = by_name(&self.0, Database::pool_figures);
        json!({ "healthy": healthy, "databases": databases }).to_string()
    }
}

fn by_name(databases: &Databases, figures: impl Fn(&Database) -> Value) -> Value {
    let lines = databases
        .all()
        .into_iter()
        .map(|d| (d.name().to_owned(), figures(&d)));
    Value::Object(lines.collect::<Map<_, _>>())
}
