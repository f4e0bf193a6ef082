//! A named place for a database. The place lasts, and so do the handles on it; what is in it comes
//! and goes: opened, lost, closed, opened again somewhere else.

use crate::counters::Counters;
use crate::durability::Alarm;
use crate::last_error::LastError;
use crate::parts::Parts;
use crate::pool::not_open;
use crate::replica::{Mirror, Replicas};
use crate::state::{DatabaseChanged, DatabaseState, StateTracker};
use crate::store_info::{self, StoreInfo};
use crate::{DatabaseConfig, OpenError, StorageError, probe};
use bus::{Bus, Task, Tasks};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// First pause before a database is tried again; doubled up to [`PAUSE_MAX`], each with jitter.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

pub(crate) struct Slot {
    pub(crate) bus: Bus,
    pub(crate) tasks: Tasks,
    pub(crate) shared: Shared,
    config: RwLock<DatabaseConfig>,
    parts: RwLock<Option<Arc<Parts>>>,
    /// Held by whoever opens or closes.
    turn: tokio::sync::Mutex<()>,
    /// Closed for good: nobody opens it any more, and who is at it gives up.
    over: CancellationToken,
    /// Held by whoever stops, starts, resets or repoints: never two at once.
    pub(crate) control: Arc<tokio::sync::Mutex<()>>,
    connecting: Mutex<Option<Task>>,
    attendants: Mutex<Attendants>,
    /// Those that may be asked in its place.
    pub(crate) replicas: Replicas,
    /// What ties a replica to its primary.
    mirror: Option<Mirror>,
}

/// What outlasts the parts: how the database is, what it suffered, what it did.
pub(crate) struct Shared {
    pub(crate) store_info: Arc<StoreInfo>,
    pub(crate) last_error: Arc<LastError>,
    pub(crate) state_tracker: Arc<StateTracker>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) alarm: Alarm,
}

enum Attendants {
    NotYet(mpsc::Receiver<DatabaseChanged>),
    There(Vec<Task>),
}

impl Slot {
    /// A closed one; a replica has a primary.
    pub(crate) fn new(
        config: DatabaseConfig,
        bus: Bus,
        tasks: Tasks,
        alarm: Alarm,
        primary: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        let (state_tracker, changes) = StateTracker::new(&config.name);
        let state_tracker = Arc::new(state_tracker);
        let shared = Shared {
            store_info: Arc::new(StoreInfo::unknown()),
            last_error: Arc::new(LastError::none(&state_tracker)),
            state_tracker,
            counters: Arc::default(),
            alarm,
        };
        let mirror = primary.map(|slot| Mirror::of(Arc::downgrade(slot), &shared.store_info));
        let slot = Arc::new(Self {
            bus,
            tasks,
            shared,
            config: RwLock::new(config),
            parts: RwLock::default(),
            turn: tokio::sync::Mutex::default(),
            over: CancellationToken::new(),
            control: Arc::default(),
            connecting: Mutex::default(),
            attendants: Mutex::new(Attendants::NotYet(changes)),
            replicas: Replicas::default(),
            mirror,
        });
        if let Some(primary) = primary {
            primary.replicas.add(&slot);
        }
        slot
    }

    pub(crate) fn config(&self) -> DatabaseConfig {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.clone()
    }

    /// What ties it to its primary, if it is a replica.
    pub(crate) fn mirror(&self) -> Option<&Mirror> {
        self.mirror.as_ref()
    }

    /// It was looked at, and answers.
    pub(crate) fn is_well(&self) {
        let was = self.state_tracker().state();
        self.state_tracker().is(DatabaseState::Connected);
        if let Some(mirror) = &self.mirror
            && was != DatabaseState::Connected
        {
            mirror.rest.over();
        }
    }

    pub(crate) fn state_tracker(&self) -> &StateTracker {
        &self.shared.state_tracker
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// What is in it now.
    pub(crate) fn current(&self) -> Option<Arc<Parts>> {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        parts.clone()
    }

    /// Tells what was found out about these parts, unless they were closed or replaced meanwhile.
    pub(crate) fn while_in_it(&self, parts: &Arc<Parts>, tell: impl FnOnce()) {
        // Held while it is told, so that what is told of closing comes later.
        let current = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|now| Arc::ptr_eq(now, parts)) {
            tell();
        }
    }

    /// What is in it, or why nothing is.
    pub(crate) fn parts(&self) -> Result<Arc<Parts>, StorageError> {
        self.current().ok_or_else(|| {
            let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
            not_open(&config.name, self.state_tracker())
        })
    }

    /// Opens it, unless it is open.
    pub(crate) async fn open(self: &Arc<Self>) -> Result<(), OpenError> {
        let _turn = self.turn.lock().await;
        if self.over.is_cancelled() {
            return Err(self.closed());
        }
        if self.current().is_some() {
            return Ok(());
        }
        self.attend();
        if self.state_tracker().state() == DatabaseState::Closed {
            self.state_tracker().is(DatabaseState::Connecting);
        }
        let opened = tokio::select! {
            biased;
            () = self.over.cancelled() => return Err(self.closed()),
            opened = Box::pin(Parts::open(self.config(), self)) => opened,
        };
        match opened {
            Ok(parts) => {
                self.put(Some(Arc::new(parts)));
                self.state_tracker().is(DatabaseState::Connected);
                Ok(())
            }
            Err(error) => {
                let cause = error.to_string();
                self.state_tracker().is_ill(DatabaseState::Lost, cause);
                Err(error)
            }
        }
    }

    /// Opens it as soon as that is possible; never when it is closed for good.
    pub(crate) fn open_in_time(self: &Arc<Self>) {
        let mut connecting = self.locked_connecting();
        if self.over.is_cancelled() {
            return;
        }
        let (slot, name) = (Arc::clone(self), format!("{} connect", self.config().name));
        let task = self.tasks.once("storage", name, async move {
            let mut pause = PAUSE_MIN;
            while slot.open().await.is_err() {
                tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        });
        if let Some(former) = connecting.replace(task) {
            former.cancel();
        }
    }

    /// Empties it. Until it is filled again callers are told what `meanwhile` says. False: not all
    /// in time.
    pub(crate) async fn close(&self, within: Duration, meanwhile: DatabaseState) -> bool {
        self.end_connecting().await;
        let turn = self.turn.lock().await;
        self.empty(&turn, within, meanwhile).await
    }

    /// From now on it is another database.
    pub(crate) fn repoint(&self, config: DatabaseConfig) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Closes it for good. False: not all in time.
    ///
    /// An opening under way is given up. A reset that is emptying it goes on with that, but may
    /// take no longer than this may, and opens nothing afterwards.
    pub(crate) async fn end(&self, within: Duration) -> bool {
        self.over.cancel();
        self.end_connecting().await;
        let turn = tokio::time::timeout(within, self.turn.lock()).await;
        let in_time = if let Ok(turn) = turn {
            self.empty(&turn, within, DatabaseState::Closed).await
        } else {
            self.state_tracker().is(DatabaseState::Closed);
            false
        };
        let mut attendants = self.locked_attendants();
        if let Attendants::There(tasks) = &mut *attendants {
            tasks.drain(..).for_each(|task| task.cancel());
        }
        in_time
    }

    async fn end_connecting(&self) {
        let connecting = self.locked_connecting().take();
        if let Some(connecting) = connecting {
            connecting.cancel();
            connecting.ended().await;
        }
    }

    /// First it is empty, then it is said so: nothing that is told of the parts comes after that.
    async fn empty(
        &self,
        _turn: &tokio::sync::MutexGuard<'_, ()>,
        within: Duration,
        meanwhile: DatabaseState,
    ) -> bool {
        let parts = self.put(None);
        self.state_tracker().is(if self.over.is_cancelled() {
            DatabaseState::Closed
        } else {
            meanwhile
        });
        match parts {
            Some(parts) => parts.close(within).await,
            None => true,
        }
    }

    fn closed(&self) -> OpenError {
        let database = self.config().name;
        StorageError::Closed { database }.into()
    }

    /// What is done when another server takes the store while the lock on it is lost: without a
    /// critical one this server ends, another one is closed and waited for.
    pub(crate) fn on_lock_lost(self: &Arc<Self>) -> impl Fn(&OpenError) + Send + 'static {
        let slot = Arc::downgrade(self);
        move |error| {
            let Some(slot) = slot.upgrade() else { return };
            if slot.config().critical {
                tracing::error!(%error, "another server took the store, stopping");
                slot.tasks.stopping().cancel();
                return;
            }
            tracing::error!(%error, "another server took the store, waiting for it");
            let tasks = slot.tasks.clone();
            tasks.once("storage", "give up a store", async move {
                slot.close(Duration::ZERO, DatabaseState::Lost).await;
                slot.open_in_time();
            });
        }
    }

    fn put(&self, parts: Option<Arc<Parts>>) -> Option<Arc<Parts>> {
        let mut place = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut place, parts)
    }

    /// Starts what looks after it, once.
    fn attend(self: &Arc<Self>) {
        let mut attendants = self.locked_attendants();
        let Attendants::NotYet(changes) = &mut *attendants else {
            return;
        };
        let changes = std::mem::replace(changes, mpsc::channel(1).1);
        let name = self.config().name;
        let epochs = self.shared.store_info.follow();
        let stating = store_info::state(changes, epochs, name.clone(), self.bus.clone());
        let stating = self.tasks.once("storage", format!("{name} news"), stating);
        *attendants = Attendants::There(vec![stating, probe::keep(self, &name)]);
    }

    fn locked_connecting(&self) -> std::sync::MutexGuard<'_, Option<Task>> {
        self.connecting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn locked_attendants(&self) -> std::sync::MutexGuard<'_, Attendants> {
        self.attendants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
