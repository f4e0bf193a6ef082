//! One named database.

use crate::asker::{Asker, Caller, now};
use crate::batch::Surroundings;
use crate::envelope::Envelope;
use crate::health::Health;
use crate::lane::Lane;
use crate::lock::StoreLock;
use crate::pool::Pool;
use crate::postgres::STATEMENTS_PER_STEP;
use crate::read::Read;
use crate::vitals::Vitals;
use crate::{Backend, DatabaseConfig, Fault, Job, LaneKey, Reader, StorageError};
use bus::{Bus, Origin, Reply, Task, Tasks};
use futures_util::future::{BoxFuture, join_all};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Write lanes of a database on PostgreSQL; SQLite has one writer anyway.
const LANES: u32 = 4;

/// A cheap handle on one named database: its one pool and its write lanes.
#[derive(Clone)]
pub struct Database {
    parts: Arc<Parts>,
}

/// What a database is made of.
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) backend: Backend,
    pub(crate) critical: bool,
    pub(crate) pool: Arc<Pool>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) health: Arc<Health>,
    pub(crate) lanes: Vec<Lane>,
    bus: Bus,
    tasks: Tasks,
    statement_timeout: Duration,
    attendants: Mutex<Vec<Task>>,
    lock: Mutex<Option<StoreLock>>,
}

impl Database {
    /// Puts together a database whose store is locked and migrated. Opens no connection.
    pub(crate) fn assemble(
        config: &DatabaseConfig,
        lock: Option<StoreLock>,
        bus: Bus,
        tasks: Tasks,
    ) -> Self {
        let vitals = Arc::new(Vitals::unknown());
        let pool = Arc::new(Pool::new(config, &vitals));
        let statement_timeout = config.statement_timeout;
        let with = Surroundings {
            bus: bus.clone(),
            pool: Arc::clone(&pool),
            statement_timeout,
        };
        let lanes = (1..=lane_count(config))
            .map(|n| Lane::start(format!("{} write lane {n}", config.name), &tasks, &with))
            .collect();
        let parts = Parts {
            name: config.name.clone(),
            backend: config.url.backend(),
            critical: config.critical,
            health: Arc::default(),
            pool,
            vitals,
            lanes,
            bus,
            tasks,
            statement_timeout,
            attendants: Mutex::default(),
            lock: Mutex::new(lock),
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Its name: `core`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Reads within one read-only snapshot, on a pooled connection, in a task of its own: dropping
    /// this future ends the waiting, never the query.
    pub async fn read<T, W>(&self, operation: &'static str, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let Parts {
            pool,
            tasks,
            statement_timeout,
            ..
        } = &*self.parts;
        let limit = *statement_timeout * STATEMENTS_PER_STEP;
        Read {
            operation,
            pool,
            tasks,
            limit,
        }
        .run(work)
        .await
    }

    /// Hands a job and the asker it answers to the write lane. Never waits: the reply holds a
    /// credit, and credits bound the queue.
    pub fn submit<J: Job>(&self, job: J, reply: Reply<Result<J::Answer, J::Refusal>>) {
        self.enqueue(job, Asker::Bus(reply));
    }

    /// Hands over a job that nobody waits for; what it states rides on `origin`.
    pub fn submit_from<J: Job>(&self, job: J, origin: &Origin) {
        self.enqueue(job, Asker::nobody(origin));
    }

    /// Hands over a job and waits for its end, for tasks and isolated subscribers: never from the
    /// handler of an essential subscriber. Its facts take a credit of their own.
    ///
    /// Dropped before the lane has begun the job, the job is withdrawn; later it goes on unheard.
    pub async fn write<J: Job>(
        &self,
        job: J,
        within: Duration,
    ) -> Result<Result<J::Answer, J::Refusal>, StorageError> {
        let pool = &self.parts.pool;
        let deadline = now() + within;
        let Ok(origin) = tokio::time::timeout(within, self.parts.bus.enter()).await else {
            return Err(pool.overloaded());
        };
        let (caller, waiter) = Caller::new(origin, deadline);
        self.enqueue(job, Asker::Caller(caller));
        waiter
            .end(J::NAME)
            .await
            .unwrap_or_else(|| Err(pool.unavailable_since()))
    }

    /// The store's epoch: random, stored with the data, joined on PostgreSQL with the timeline.
    #[must_use]
    pub fn epoch(&self) -> String {
        self.parts.vitals.epoch()
    }

    /// What an acknowledgement survives: `power` or `process`.
    #[must_use]
    pub fn durability(&self) -> &'static str {
        self.parts.vitals.durability()
    }

    fn enqueue<J: Job>(&self, job: J, asker: Asker<J::Answer, J::Refusal>) {
        let lane = self.lane(job.lane());
        if let Err(job) = lane.hand_over(Envelope::boxed(job, asker)) {
            job.abandon(self.parts.pool.closed());
        }
    }

    fn lane(&self, key: LaneKey) -> &Lane {
        let lanes = &self.parts.lanes;
        // Fibonacci hashing: neighbouring keys spread over all lanes.
        let spread = key.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let index = usize::try_from(spread).expect("32 bits") % lanes.len();
        &lanes[index]
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Keeps a task that is cancelled when the database closes.
    pub(crate) fn attend(&self, task: Task) {
        self.parts
            .attendants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    /// Empties the lanes, closes the pool and gives back the lock.
    pub(crate) async fn close(&self, within: Duration) {
        let parts = &*self.parts;
        for task in parts
            .attendants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            task.cancel();
        }
        // Half for the lanes: the checkpoint gets its share whatever they do.
        let share = within / 2;
        join_all(parts.lanes.iter().map(|lane| lane.close(share))).await;
        parts.pool.close(share / 2).await;
        parts
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

/// No more lanes than connections: they would only wait for each other.
fn lane_count(config: &DatabaseConfig) -> u32 {
    match config.url.backend() {
        Backend::Sqlite => 1,
        Backend::Postgres => LANES.min(config.pool_max.max(1)),
    }
}
