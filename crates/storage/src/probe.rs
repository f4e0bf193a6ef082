//! Is the database there? Asked every few seconds, and at once when something went wrong.
//!
//! A probe waits in line like everyone: if it gets no turn the pool is saturated, and a connection
//! of its own beside the pool tells whether the database behind it lives. One that answers reads
//! while its lanes cannot write is not well either; where nobody writes the probe tries.

use crate::asker::{Asker, Caller, now};
use crate::checkpoint::LOG_BYTES_MAX;
use crate::envelope::Envelope;
use crate::gate::Wish;
use crate::lane::Lane;
use crate::parts::Parts;
use crate::pool::Pool;
use crate::read::Read;
use crate::slot::Slot;
use crate::{
    DatabaseConfig, DatabaseState, Fault, Job, JobError, LaneKey, Reader, StorageError, Url,
    Writer, postgres, query, sqlite, statement,
};
use bus::{Origin, Task, Tasks};
use diesel::connection::SimpleConnection as _;
use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::{BoxFuture, join_all};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The probe's name as a holder of connections.
const OPERATION: &str = "storage.probe";

/// How often a database is asked that is well, and one that is not.
const EVERY: Duration = Duration::from_secs(5);
const EVERY_WHILE_ILL: Duration = Duration::from_secs(1);

/// However often it is rung for.
const PAUSE: Duration = Duration::from_millis(200);

/// How long it may wait for its turn, and then for the answer.
pub(crate) const LIMIT: Duration = Duration::from_secs(1);

/// Something that every database of ours has: only what touches a page shows a file that is locked
/// or cannot be read.
const QUESTION: &str = "SELECT value FROM storage_meta WHERE key = 'epoch'";

/// Keeps looking.
pub(crate) fn keep(slot: &Arc<Slot>, name: &str) -> Task {
    let (tasks, slot) = (slot.tasks.clone(), Arc::clone(slot));
    tasks.restarting("storage", format!("{name} probe"), move || {
        let slot = Arc::clone(&slot);
        async move {
            loop {
                let every = match slot.state_tracker().state() {
                    DatabaseState::Degraded | DatabaseState::Lost => EVERY_WHILE_ILL,
                    // How far it is behind must be known as long as it serves.
                    _ if slot.mirror().is_some() => EVERY_WHILE_ILL,
                    _ => EVERY,
                };
                let every = every.mul_f64(rand::random_range(0.9..1.1));
                // Either way it is time.
                let _ = tokio::time::timeout(every, slot.state_tracker().rung()).await;
                look(&slot).await;
                slot.shared
                    .last_error
                    .refusals()
                    .say_the_rest(EVERY_WHILE_ILL);
                tokio::time::sleep(PAUSE).await;
            }
        }
    })
}

/// Looks once. One that is not open has nothing to be looked at.
async fn look(slot: &Slot) {
    let Some(parts) = slot.current() else { return };
    let found = match (slot.mirror(), &parts.config.replica_of) {
        (Some(mirror), Some(of)) => {
            let seen = mirror.examine(&parts.pool, &slot.tasks, of.lag_max).await;
            match seen {
                Ok(()) => Some(Found::Well),
                Err(ailment) => ailment.state().map(|(is, cause)| Found::Ill(is, cause)),
            }
        }
        _ => find(&parts, &slot.tasks).await,
    };
    if let Some(found) = found {
        slot.while_in_it(&parts, || found.tell(slot));
    }
    let log_is_long = parts.pool.log_bytes() > LOG_BYTES_MAX;
    if log_is_long {
        parts.pool.checkpoints().is_due();
    }
    try_to_write(&parts.lanes, log_is_long).await;
}

/// Writes in each lane that could not, and in which nobody has tried since; in all of them, if their
/// file's log is long: the lane cuts it after a batch, and perhaps nobody else writes.
async fn try_to_write(lanes: &[Lane], log_is_long: bool) {
    let hindered = lanes
        .iter()
        .filter(|lane| log_is_long || lane.lane_blocked().is_to_be_tried());
    let trials = hindered.map(|lane| async {
        let (caller, waiter) = Caller::new(Origin::silent(), now() + LIMIT);
        let trial = Envelope::boxed(WriteAgain, Asker::Caller(caller));
        if lane.hand_over(trial).is_ok() {
            // How it went the lane knows.
            let _ = waiter.end(WriteAgain::NAME).await;
        }
    });
    join_all(trials).await;
}

/// Writes what is there already.
pub(crate) struct WriteAgain;

impl Job for WriteAgain {
    const NAME: &'static str = "storage.write_again";
    const STATES: bool = false;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let same = "UPDATE storage_meta SET value = value WHERE key = 'epoch'";
        statement!(tx, |c| diesel::sql_query(same).execute(c))?;
        Ok(())
    }
}

enum Found {
    Well,
    Ill(DatabaseState, String),
}

impl Found {
    fn tell(self, slot: &Slot) {
        match self {
            Self::Well => slot.is_well(),
            Self::Ill(state, cause) => slot.state_tracker().is_ill(state, cause),
        }
    }
}

async fn find(parts: &Parts, tasks: &Tasks) -> Option<Found> {
    match ping(&parts.pool, tasks, LIMIT).await {
        Ok(()) => Some(behind_reads(parts).await),
        Err(StorageError::Closed { .. }) => None,
        Err(saturated @ StorageError::Saturated { .. }) => {
            let knocked = tokio::time::timeout(LIMIT, knock(&parts.config)).await;
            Some(match knocked {
                Ok(Ok(())) => Found::Ill(DatabaseState::Degraded, saturated.to_string()),
                Ok(Err(cause)) => Found::Ill(DatabaseState::Lost, format!("{cause:#}")),
                Err(_) => Found::Ill(DatabaseState::Lost, format!("no answer within {LIMIT:?}")),
            })
        }
        Err(StorageError::Unavailable { cause, .. }) => {
            Some(Found::Ill(DatabaseState::Lost, cause))
        }
        Err(error) => Some(Found::Ill(DatabaseState::Lost, error.to_string())),
    }
}

/// What is wrong with a database although it answers.
async fn behind_reads(parts: &Parts) -> Found {
    let pool = Arc::clone(&parts.pool);
    let looked = tokio::task::spawn_blocking(move || pool.look_at_file());
    if let Ok(Err(cause)) = looked.await {
        return Found::Ill(DatabaseState::Lost, cause);
    }
    let lane_blocked = parts
        .lanes
        .iter()
        .find_map(|lane| lane.lane_blocked().cause());
    lane_blocked.map_or(Found::Well, |cause| {
        Found::Ill(DatabaseState::Degraded, cause)
    })
}

/// Asks it for something real, in turn.
pub(crate) async fn ping(
    pool: &Arc<Pool>,
    tasks: &Tasks,
    acquire: Duration,
) -> Result<(), StorageError> {
    let answer = asked(pool, tasks, acquire, |reader| {
        Box::pin(async move {
            query!(reader, |c| diesel::sql_query(QUESTION).execute(c))?;
            Ok(())
        })
    });
    answer.await
}

/// Asks it this, in turn.
pub(crate) async fn asked<T, W>(
    pool: &Arc<Pool>,
    tasks: &Tasks,
    acquire: Duration,
    question: W,
) -> Result<T, StorageError>
where
    T: Send + 'static,
    W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
{
    let read = Read {
        operation: OPERATION,
        pool,
        tasks,
        limit: LIMIT,
    };
    let lease = pool.lease_by(Wish::read(OPERATION), Instant::now() + acquire);
    let answer = read.on(lease.await?, question);
    answer.await.map_err(|fault| match fault {
        Some(fault) => pool.failure(OPERATION, fault),
        None => pool.closed(),
    })
}

/// Asks it on a connection beside the pool.
async fn knock(config: &DatabaseConfig) -> anyhow::Result<()> {
    let target = config.url.existing();
    match &config.url {
        Url::Sqlite(_) => {
            let asked = tokio::task::spawn_blocking(move || {
                sqlite::open(&target)?.batch_execute(QUESTION)?;
                Ok(())
            });
            asked.await?
        }
        Url::Postgres(url) => {
            let mut connection = postgres::connect(url).await?;
            connection.batch_execute(QUESTION).await?;
            Ok(())
        }
    }
}
