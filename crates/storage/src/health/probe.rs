//! Checks every few seconds whether a database is well, and at once when something went wrong.
//!
//! The probe waits in turn like every caller: if it gets no connection the pool is saturated, and a
//! connection of its own beside the pool shows whether the database behind it is alive. A database
//! that answers reads while its lanes cannot write is not well either; where nobody writes, the
//! probe tries.

use super::ping::{LIMIT, QUESTION, ping};
use super::state::{DatabaseState, StateTracker};
use crate::backend::wal::LOG_BYTES_MAX;
use crate::backend::{postgres, sqlite};
use crate::registry::{Contents, DatabaseContext, OpenDatabase};
use crate::replica::ReadReplica;
use crate::writes::{Lane, QueuedJob, Responder, WriteSender, now};
use crate::{DatabaseConfig, Job, JobError, LaneKey, StorageError, Url, Writer, statement};
use bus::{Origin, Task, Tasks};
use diesel::connection::SimpleConnection as _;
use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::join_all;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often a database that is well is probed, and one that is not.
const EVERY: Duration = Duration::from_secs(5);
const EVERY_WHILE_UNWELL: Duration = Duration::from_secs(1);

/// The least time between two probes, however often one is requested.
const PAUSE: Duration = Duration::from_millis(200);

/// The probe of one database.
#[derive(Clone)]
pub(crate) struct StateProbe {
    context: DatabaseContext,
    contents: Arc<Contents>,
    /// Set if the database is a replica.
    replica: Option<Arc<ReadReplica>>,
}

/// What a probe found.
enum Finding {
    Well,
    Unwell(DatabaseState, String),
}

impl StateProbe {
    pub(crate) fn new(
        context: &DatabaseContext,
        contents: &Arc<Contents>,
        replica: Option<&Arc<ReadReplica>>,
    ) -> Self {
        Self {
            context: context.clone(),
            contents: Arc::clone(contents),
            replica: replica.cloned(),
        }
    }

    /// Starts the task that probes.
    pub(crate) fn start(self, name: &str) -> Task {
        let tasks = self.context.tasks.clone();
        tasks.restarting("storage", format!("{name} probe"), move || {
            let probe = self.clone();
            async move {
                loop {
                    let every = probe.interval().mul_f64(rand::random_range(0.9..1.1));
                    // Requested or due: either way it is time.
                    let requested = probe.state_tracker().probe_requested();
                    let _ = tokio::time::timeout(every, requested).await;
                    probe.run().await;
                    let refusals = probe.context.shared.last_error.refusals();
                    refusals.log_the_rest(EVERY_WHILE_UNWELL);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        })
    }

    fn interval(&self) -> Duration {
        match self.state_tracker().state() {
            DatabaseState::Degraded | DatabaseState::Lost => EVERY_WHILE_UNWELL,
            // How far a replica is behind must be known as long as it serves.
            _ if self.replica.is_some() => EVERY_WHILE_UNWELL,
            _ => EVERY,
        }
    }

    /// Probes once; does nothing while the database is not open.
    async fn run(&self) {
        let Some(open) = self.contents.current() else {
            return;
        };
        let finding = match (&self.replica, &open.config.replica_of) {
            (Some(replica), Some(of)) => match replica.check(&open.pool, of.lag_max).await {
                Ok(()) => Some(Finding::Well),
                Err(problem) => {
                    let state = problem.into_state();
                    state.map(|(state, cause)| Finding::Unwell(state, cause))
                }
            },
            _ => find(&open, &self.context.tasks).await,
        };
        if let Some(finding) = finding {
            self.contents.while_current(&open, || self.report(finding));
        }
        let log_is_long = open.pool.log_bytes() > LOG_BYTES_MAX;
        if log_is_long {
            open.pool.request_checkpoint();
        }
        try_to_write(&open.lanes, log_is_long).await;
    }

    fn report(&self, finding: Finding) {
        match finding {
            Finding::Well => {
                let was = self.state_tracker().state();
                self.state_tracker().set(DatabaseState::Connected);
                if let Some(replica) = &self.replica
                    && was != DatabaseState::Connected
                {
                    replica.breaker.succeeded();
                }
            }
            Finding::Unwell(state, cause) => self.state_tracker().set_unwell(state, cause),
        }
    }

    fn state_tracker(&self) -> &StateTracker {
        &self.context.shared.state_tracker
    }
}

/// Writes in each lane that was blocked and in which nobody has tried since. If the file's log is
/// long, writes in all of them: the lane truncates the log after a batch, and perhaps nobody else
/// writes.
async fn try_to_write(lanes: &[Lane], log_is_long: bool) {
    let blocked = lanes
        .iter()
        .filter(|lane| log_is_long || lane.blocked().needs_trial());
    let trials = blocked.map(|lane| async {
        let (sender, receiver) = WriteSender::new(Origin::silent(), now() + LIMIT);
        let trial = QueuedJob::boxed(TrialWrite, Responder::Probe(sender));
        if lane.hand_over(trial).is_ok() {
            // The lane notes the outcome.
            let _ = receiver.outcome(TrialWrite::NAME).await;
        }
    });
    join_all(trials).await;
}

/// Overwrites a row with itself.
struct TrialWrite;

impl Job for TrialWrite {
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

/// Returns how a primary is; `None` while it is being closed.
async fn find(open: &OpenDatabase, tasks: &Tasks) -> Option<Finding> {
    match ping(&open.pool, tasks, LIMIT).await {
        Ok(()) => Some(beyond_reads(open).await),
        Err(StorageError::Closed { .. }) => None,
        Err(saturated @ StorageError::Saturated { .. }) => {
            let asked = tokio::time::timeout(LIMIT, ask_beside_pool(&open.config)).await;
            Some(match asked {
                Ok(Ok(())) => Finding::Unwell(DatabaseState::Degraded, saturated.to_string()),
                Ok(Err(cause)) => Finding::Unwell(DatabaseState::Lost, format!("{cause:#}")),
                Err(_) => {
                    let cause = format!("no answer within {LIMIT:?}");
                    Finding::Unwell(DatabaseState::Lost, cause)
                }
            })
        }
        Err(StorageError::Unavailable { cause, .. }) => {
            Some(Finding::Unwell(DatabaseState::Lost, cause))
        }
        Err(error) => Some(Finding::Unwell(DatabaseState::Lost, error.to_string())),
    }
}

/// Returns what is wrong with a database although it answers reads.
async fn beyond_reads(open: &OpenDatabase) -> Finding {
    let pool = Arc::clone(&open.pool);
    let checked = tokio::task::spawn_blocking(move || pool.check_file());
    if let Ok(Err(cause)) = checked.await {
        return Finding::Unwell(DatabaseState::Lost, cause);
    }
    let blocked = open.lanes.iter().find_map(|lane| lane.blocked().cause());
    blocked.map_or(Finding::Well, |cause| {
        Finding::Unwell(DatabaseState::Degraded, cause)
    })
}

/// Asks the question of a ping on a connection beside the pool.
async fn ask_beside_pool(config: &DatabaseConfig) -> anyhow::Result<()> {
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
            let mut connection = postgres::connect(url, config.schema.as_deref()).await?;
            connection.batch_execute(QUESTION).await?;
            Ok(())
        }
    }
}
