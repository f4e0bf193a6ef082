//! How an extension becomes part of a server.

use crate::command::{Asked, Command, Respond, Rights};
use crate::cx::{Cx, Parts};
use crate::declaration::Extension;
use crate::follower::{Engine, Feed, Follower, FollowerStatus, Inbox, Source};
use crate::mount::{Mount, Serve, Served};
use crate::op::Op;
use crate::places::{PLACES, Rates};
use crate::push::Push;
use crate::respond::Responder;
use crate::view::{ExtensionProbe, Metric};
use crate::{Task, View};
use bus::{Builder, Bus, Clock, Isolated, OperatorActions, Probe, Subscriber, Tasks, panics};
use rooms::api::{FollowLog, Heads, StandingOf};
use std::any::Any;
use std::sync::Arc;
use storage::Database;
use tokio::sync::Semaphore;

/// What the server gives to all extensions.
pub struct Host {
    /// The bus of the server, for requests of clients.
    pub bus: Bus,
    /// Spawns on the runtime of extensions.
    pub tasks: Tasks,
    /// Sends pushes.
    pub push: Arc<dyn Push>,
    /// Returns the epoch of the core store.
    pub epoch: Arc<dyn Fn() -> String + Send + Sync>,
}

/// What the server gives to one extension.
pub struct Given {
    /// A handle to the bus with places of its own: [`bounded_bus`].
    pub bus: Bus,
    /// Its settings, if it declares any.
    pub settings: Option<Arc<dyn Any + Send + Sync>>,
    /// Its database, if it declares one.
    pub database: Option<Database>,
}

/// Puts extensions into a server that is being built.
pub struct Installer {
    host: Host,
    source: Source,
    inboxes: Vec<Arc<Inbox>>,
}

/// Returns a handle to the bus for this extension: whatever it asks and states, its databases' jobs
/// included, has 16 places.
#[must_use]
pub fn bounded_bus(extension: &'static str, builder: &Builder) -> Bus {
    builder.bounded_bus(extension, PLACES)
}

/// Why an extension cannot be part of this server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("extension {extension}: {problem}")]
pub struct InstallError {
    /// The extension's name.
    pub extension: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// An extension that was built and does not run yet.
pub struct Installed {
    /// Its name.
    pub name: &'static str,
    /// Its ops.
    pub ops: Vec<Op>,
    /// What it serves over HTTP.
    pub mounts: Vec<Served>,
    view: Option<Arc<dyn View>>,
    follower: Option<Arc<FollowerStatus>>,
    starts: Vec<Start>,
}

type Start = Box<dyn FnOnce(&Tasks) + Send>;

impl Installer {
    /// Begins.
    #[must_use]
    pub fn new(host: Host) -> Self {
        let source = Source {
            epoch: Arc::clone(&host.epoch),
            reading: Arc::new(Semaphore::new(1)),
        };
        Self {
            host,
            source,
            inboxes: Vec::new(),
        }
    }

    /// Makes the parts of an extension and wires them. A panic of its `make` closures is an error
    /// that names it.
    pub fn install(
        &mut self,
        extension: Extension,
        given: Given,
        builder: &mut Builder,
    ) -> Result<Installed, InstallError> {
        let name = extension.name();
        let failed = |problem: String| InstallError {
            extension: name,
            problem,
        };
        if let Some(wrong) = extension.wrong() {
            return Err(failed(wrong.to_owned()));
        }
        let cx = Cx::new(Parts {
            name,
            settings: given.settings,
            database: given.database,
            bus: given.bus,
            rates: Rates::new(),
            clock: clock(&extension),
            #[cfg(feature = "testing")]
            faults: extension.faults.clone(),
            push: Arc::clone(&self.host.push),
        });
        let mut assembly = Assembly {
            cx,
            builder,
            host: &self.host,
            source: &self.source,
            inbox: None,
            mistakes: Vec::new(),
            installed: Installed {
                name,
                ops: Vec::new(),
                mounts: Vec::new(),
                view: None,
                follower: None,
                starts: Vec::new(),
            },
        };
        for part in extension.parts {
            let made = panics::caught_now(|| part(&mut assembly));
            made.map_err(|panic| failed(format!("it panicked while it was made: {panic}")))?;
        }
        if let Some(mistake) = assembly.mistakes.into_iter().next() {
            return Err(failed(mistake));
        }
        self.inboxes.extend(assembly.inbox);
        Ok(assembly.installed)
    }

    /// Adds what all followers share. Call it after the last extension.
    pub fn finish(self, builder: &mut Builder) {
        if !self.inboxes.is_empty() {
            builder
                .isolated::<Feed>(self.inboxes)
                .asks::<FollowLog>()
                .asks::<Heads>();
        }
    }
}

#[cfg(not(feature = "testing"))]
fn clock(_extension: &Extension) -> Arc<dyn Clock> {
    Arc::new(bus::SystemClock::new())
}

#[cfg(feature = "testing")]
fn clock(extension: &Extension) -> Arc<dyn Clock> {
    extension.faults.clock()
}

impl Installed {
    /// Starts its follower and its tasks. Call it after the bus has started. `tasks` spawns on the
    /// runtime of extensions.
    pub fn start(&mut self, tasks: &Tasks) {
        for start in self.starts.drain(..) {
            start(tasks);
        }
    }

    /// Returns what `/health/NAME` shows.
    #[must_use]
    pub fn probe(&self) -> Option<Arc<dyn Probe>> {
        if self.view.is_none() && self.follower.is_none() {
            return None;
        }
        Some(Arc::new(ExtensionProbe {
            name: self.name,
            view: self.view.clone(),
            follower: self.follower.clone(),
        }))
    }

    /// Returns what the operator can have it do.
    #[must_use]
    pub fn actions(&self) -> Option<Arc<dyn OperatorActions>> {
        self.view.as_ref().and_then(|view| view.actions())
    }

    /// Returns what reads its metrics, at each scrape.
    #[must_use]
    pub fn metrics(&self) -> impl Fn() -> Vec<Metric> + Send + Sync + use<> {
        let (view, follower) = (self.view.clone(), self.follower.clone());
        move || {
            let own = view.iter().flat_map(|view| view.metrics());
            let following = follower.iter().flat_map(|follower| follower.metrics());
            own.chain(following).collect()
        }
    }
}

/// An extension that is being built.
pub(crate) struct Assembly<'a> {
    cx: Cx,
    builder: &'a mut Builder,
    host: &'a Host,
    source: &'a Source,
    inbox: Option<Arc<Inbox>>,
    mistakes: Vec<String>,
    installed: Installed,
}

impl Assembly<'_> {
    pub(crate) fn cx(&self) -> &Cx {
        &self.cx
    }

    pub(crate) fn follow<F: Follower>(&mut self, follower: F) {
        let inbox = Arc::new(Inbox::default());
        let status = Arc::new(FollowerStatus::new(self.cx.name(), &inbox));
        self.inbox = Some(Arc::clone(&inbox));
        self.installed.follower = Some(Arc::clone(&status));
        let (follower, cx) = (Arc::new(follower), self.cx.clone());
        let source = self.source.clone();
        self.start(move |tasks| {
            let all = tasks.clone();
            tasks.restarting(cx.name(), "follower", move || {
                let parts = (Arc::clone(&follower), cx.clone());
                let (inbox, status) = (Arc::clone(&inbox), Arc::clone(&status));
                Engine::new(parts, source.clone(), inbox, status).run(all.clone())
            });
        });
    }

    pub(crate) fn subscribe<S: Subscriber<Kind = Isolated>>(&mut self, deps: S::Deps) {
        self.builder
            .isolated_on::<S>(deps, &self.host.tasks, self.cx.bus());
    }

    pub(crate) fn respond<C: Command, R: Respond<C>>(
        &mut self,
        rights: Rights,
        writes: bool,
        responder: R,
    ) {
        let responder = Responder::new(responder, self.cx.clone(), self.host.tasks.clone());
        self.builder
            .reads::<Asked<C>, _>(self.cx.name(), PLACES, Arc::new(responder));
        self.op::<C>(rights, writes);
    }

    pub(crate) fn answer<C: Command>(&mut self, rights: Rights) {
        self.op::<C>(rights, true);
    }

    pub(crate) fn serve<H: Serve>(&mut self, at: Mount, handler: H) {
        let served = Served::new(at, handler, self.cx.clone(), self.host.tasks.clone());
        self.installed.mounts.push(served);
    }

    pub(crate) fn show<V: View>(&mut self, view: V) {
        if self.installed.view.replace(Arc::new(view)).is_some() {
            self.mistakes.push("it declares two views".to_owned());
        }
    }

    pub(crate) fn run<T: Task>(&mut self, name: &'static str, task: T) {
        let (task, cx) = (Arc::new(task), self.cx.clone());
        self.start(move |tasks| {
            tasks.restarting(cx.name(), name, move || {
                let (task, cx) = (Arc::clone(&task), cx.clone());
                async move { task.run(&cx).await }
            });
        });
    }

    fn op<C: Command>(&mut self, rights: Rights, writes: bool) {
        self.builder.asks::<Asked<C>>().asks::<StandingOf>();
        let op = Op::of::<C>(self.cx.name(), &self.host.bus, rights, writes);
        self.installed.ops.push(op);
    }

    fn start(&mut self, start: impl FnOnce(&Tasks) + Send + 'static) {
        self.installed.starts.push(Box::new(start));
    }
}
