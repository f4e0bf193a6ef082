//! A named slot for a database. The slot and the handles on it last; the database in it is opened,
//! lost, closed, and opened again, perhaps somewhere else.

use super::contents::Contents;
use super::context::DatabaseContext;
use super::open::{open, open_replica};
use super::open_database::OpenDatabase;
use crate::health::{
    Alarm, Counters, DatabaseChanged, SharedState, StateProbe, StateTracker, publish_changes,
};
use crate::pool::not_open;
use crate::replica::{ReadReplica, Replicas};
use crate::{DatabaseConfig, DatabaseState, OpenError, StorageError};
use bus::{Backoff, Bus, Task, Tasks};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) struct Slot {
    pub(crate) context: DatabaseContext,
    contents: Arc<Contents>,
    /// Held while the database is opened or closed.
    opening: tokio::sync::Mutex<()>,
    /// Cancelled when the slot is closed for good: openings under way give up.
    ended: CancellationToken,
    /// Held while the database is stopped, started, reset or repointed: never two at once.
    pub(crate) control: Arc<tokio::sync::Mutex<()>>,
    connecting: Mutex<Option<Task>>,
    attendants: Mutex<Attendants>,
    /// The replicas that may answer reads in its place.
    pub(crate) replicas: Replicas,
    /// Set if this database is itself a replica.
    replica: Option<Arc<ReadReplica>>,
}

/// The tasks that look after the slot from its first opening on.
enum Attendants {
    NotStarted(mpsc::Receiver<DatabaseChanged>),
    Started(Vec<Task>),
}

impl Slot {
    /// Returns a closed slot. A replica has a primary.
    pub(crate) fn new(
        config: DatabaseConfig,
        bus: Bus,
        tasks: Tasks,
        alarm: Alarm,
        primary: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        let (shared, changes) = SharedState::new(&config.name, alarm);
        let context = DatabaseContext { bus, tasks, shared };
        let contents = Arc::new(Contents::new(config));
        let replica = primary.map(|primary| {
            let replica = ReadReplica::of(&primary.contents, &contents, &context);
            let replica = Arc::new(replica);
            primary.replicas.add(&replica);
            replica
        });
        Arc::new(Self {
            context,
            contents,
            opening: tokio::sync::Mutex::default(),
            ended: CancellationToken::new(),
            control: Arc::default(),
            connecting: Mutex::default(),
            attendants: Mutex::new(Attendants::NotStarted(changes)),
            replicas: Replicas::default(),
            replica,
        })
    }

    pub(crate) fn config(&self) -> DatabaseConfig {
        self.contents.config()
    }

    /// Returns the link to its primary, if this database is a replica.
    pub(crate) fn replica(&self) -> Option<&ReadReplica> {
        self.replica.as_deref()
    }

    pub(crate) fn state_tracker(&self) -> &StateTracker {
        &self.context.shared.state_tracker
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.context.shared.counters
    }

    /// Returns the open database, if there is one.
    pub(crate) fn current(&self) -> Option<Arc<OpenDatabase>> {
        self.contents.current()
    }

    /// Returns the open database, or why there is none.
    pub(crate) fn open_database(&self) -> Result<Arc<OpenDatabase>, StorageError> {
        self.current()
            .ok_or_else(|| not_open(&self.config().name, self.state_tracker()))
    }

    /// Opens the database, unless it is open. If that fails it is lost.
    pub(crate) async fn open(self: &Arc<Self>) -> Result<(), OpenError> {
        self.open_or(DatabaseState::Lost).await
    }

    /// Opens the database, unless it is open. If that fails it has this state.
    pub(super) async fn open_or(self: &Arc<Self>, failed: DatabaseState) -> Result<(), OpenError> {
        let _opening = self.opening.lock().await;
        if self.ended.is_cancelled() {
            return Err(self.closed());
        }
        if self.current().is_some() {
            return Ok(());
        }
        self.start_attendants();
        if self.state_tracker().state() == DatabaseState::Closed {
            self.state_tracker().set(DatabaseState::Connecting);
        }
        let opened = tokio::select! {
            biased;
            () = self.ended.cancelled() => return Err(self.closed()),
            opened = Box::pin(self.open_now()) => opened,
        };
        match opened {
            Ok(opened) => {
                self.contents.replace(Some(Arc::new(opened)));
                self.state_tracker().set(DatabaseState::Connected);
                Ok(())
            }
            Err(error) => {
                let cause = error.to_string();
                self.state_tracker().set_unwell(failed, cause);
                Err(error)
            }
        }
    }

    async fn open_now(self: &Arc<Self>) -> Result<OpenDatabase, OpenError> {
        let config = self.config();
        match config.replica_of.clone() {
            Some(of) => open_replica(config, &of, &self.context, self.replica()).await,
            None => open(config, &self.context, self.on_lock_lost()).await,
        }
    }

    /// Opens the database in a task that tries again until it succeeds or the slot is ended.
    pub(crate) fn keep_opening(self: &Arc<Self>) {
        let mut connecting = self.locked_connecting();
        if self.ended.is_cancelled() {
            return;
        }
        let (slot, name) = (Arc::clone(self), format!("{} connect", self.config().name));
        let task = self.context.tasks.once("storage", name, async move {
            let mut backoff = Backoff::new();
            while slot.open().await.is_err() {
                tokio::time::sleep(backoff.pause()).await;
            }
        });
        if let Some(former) = connecting.replace(task) {
            former.cancel();
        }
    }

    /// Closes the database. Until it is opened again, callers get the error for the state
    /// `meanwhile`. Returns false if not everything ended in time.
    pub(crate) async fn close(&self, within: Duration, meanwhile: DatabaseState) -> bool {
        self.stop_connecting().await;
        let opening = self.opening.lock().await;
        self.take_down(&opening, within, meanwhile).await
    }

    /// Replaces the configuration; the next opening uses it.
    pub(crate) fn repoint(&self, config: DatabaseConfig) {
        self.contents.repoint(config);
    }

    /// Closes the slot for good. Returns false if not everything ended in time.
    ///
    /// An opening under way is given up. A reset that is closing the database goes on with that,
    /// but for no longer than `within`, and opens nothing afterwards.
    pub(crate) async fn end(&self, within: Duration) -> bool {
        self.ended.cancel();
        // A task on another runtime may never be polled again; it opens nothing from now on.
        let _ = tokio::time::timeout(within, self.stop_connecting()).await;
        let opening = tokio::time::timeout(within, self.opening.lock()).await;
        let in_time = if let Ok(opening) = opening {
            self.take_down(&opening, within, DatabaseState::Closed)
                .await
        } else {
            self.state_tracker().set(DatabaseState::Closed);
            false
        };
        let mut attendants = self.locked_attendants();
        if let Attendants::Started(tasks) = &mut *attendants {
            tasks.drain(..).for_each(|task| task.cancel());
        }
        in_time
    }

    async fn stop_connecting(&self) {
        let connecting = self.locked_connecting().take();
        if let Some(connecting) = connecting {
            connecting.cancel();
            connecting.ended().await;
        }
    }

    /// Takes the database out before it sets the state: so no finding of the probe about it is set
    /// after that.
    async fn take_down(
        &self,
        _opening: &tokio::sync::MutexGuard<'_, ()>,
        within: Duration,
        meanwhile: DatabaseState,
    ) -> bool {
        let former = self.contents.replace(None);
        self.state_tracker().set(if self.ended.is_cancelled() {
            DatabaseState::Closed
        } else {
            meanwhile
        });
        match former {
            Some(former) => former.close(within).await,
            None => true,
        }
    }

    fn closed(&self) -> OpenError {
        let database = self.config().name;
        StorageError::Closed { database }.into()
    }

    /// Returns what to do when another server takes the store while the lock on it is lost: the
    /// process stops if the database is critical; otherwise it closes the database and waits for
    /// it.
    fn on_lock_lost(self: &Arc<Self>) -> impl Fn(&OpenError) + Send + 'static {
        let slot = Arc::downgrade(self);
        move |error| {
            let Some(slot) = slot.upgrade() else { return };
            let config = slot.config();
            let (database, tasks) = (config.name, slot.context.tasks.clone());
            if config.critical {
                tracing::error!(%database, %error, "another server took the store; stopping");
                tasks.stopping().cancel();
                return;
            }
            tracing::error!(
                %database, %error,
                "another server took the store; waiting until it is free again"
            );
            tasks.once("storage", "give up a store", async move {
                slot.close(Duration::ZERO, DatabaseState::Lost).await;
                slot.keep_opening();
            });
        }
    }

    /// Starts the tasks that look after the slot, once.
    fn start_attendants(&self) {
        let mut attendants = self.locked_attendants();
        let Attendants::NotStarted(changes) = &mut *attendants else {
            return;
        };
        let changes = std::mem::replace(changes, mpsc::channel(1).1);
        let (name, context) = (self.config().name, &self.context);
        let epochs = context.shared.store_info.follow();
        let news = publish_changes(changes, epochs, name.clone(), context.bus.clone());
        let news = context.tasks.once("storage", format!("{name} news"), news);
        let probe = StateProbe::new(context, &self.contents, self.replica.as_ref());
        *attendants = Attendants::Started(vec![news, probe.start(&name)]);
    }

    fn locked_connecting(&self) -> parking_lot::MutexGuard<'_, Option<Task>> {
        self.connecting.lock()
    }

    fn locked_attendants(&self) -> parking_lot::MutexGuard<'_, Attendants> {
        self.attendants.lock()
    }

    #[cfg(test)]
    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }
}
