//! The extensions of a running server: their runtime, their parts, and what connects them with the
//! gateway, which knows none of them.

mod commands;
mod http;
mod metrics;
mod pushes;
mod watch;

use crate::config::{ConfiguredExtension, DeclarationError};
use crate::exit::Failure;
use anyhow::Context as _;
use bus::{Builder, Bus, OperatorActions, Probe, Tasks};
use extension::{Extension, ExtensionRuntime, Given, Host, InstallError, Installed, Installer};
use gateway::{Gateway, Listeners, MetricsPage, Ops};
use metrics::{BusyMetrics, ExtensionMetrics};
use parking_lot::Mutex;
use pushes::Pushes;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Database, Registry};

/// Where extensions run, before they are installed.
pub(crate) struct ExtensionHost {
    runtime: Option<Arc<ExtensionRuntime>>,
    /// Spawns on that runtime; on the server's own if there is no extension.
    tasks: Tasks,
    /// A handle to the bus for each extension, by name.
    buses: BTreeMap<&'static str, Bus>,
}

impl ExtensionHost {
    /// Starts the threads of extensions, if any extension is on.
    pub(crate) fn start(
        extensions: &[ConfiguredExtension],
        builder: &Builder,
        tasks: &Tasks,
    ) -> Result<Self, Failure> {
        let on: Vec<_> = extensions.iter().filter(|one| one.is_on()).collect();
        let runtime = (!on.is_empty()).then(ExtensionRuntime::start);
        let runtime = runtime
            .transpose()
            .context("cannot start the threads of extensions")?;
        let tasks = match &runtime {
            Some(runtime) => tasks.on(runtime.handle()),
            None => tasks.clone(),
        };
        let bus =
            |one: &&ConfiguredExtension| (one.name(), extension::bounded_bus(one.name(), builder));
        Ok(Self {
            runtime: runtime.map(Arc::new),
            tasks,
            buses: on.iter().map(bus).collect(),
        })
    }

    /// Returns a handle that keeps the threads alive.
    pub(crate) fn threads(&self) -> Option<Arc<ExtensionRuntime>> {
        self.runtime.clone()
    }

    /// Returns the handle through which a database of this name is registered: that of an extension works
    /// in the extension's threads.
    pub(crate) fn registry_for(&self, name: &str, registry: &Registry) -> Registry {
        match self.buses.get_key_value(name) {
            Some((name, bus)) => registry.on(bus.clone(), self.tasks.on_behalf_of(name)),
            None => registry.clone(),
        }
    }
}

/// Extensions that are part of a server.
pub(crate) struct Extensions {
    /// Ends when this is dropped, at the end of the server.
    _runtime: Option<Arc<ExtensionRuntime>>,
    tasks: Tasks,
    installed: Vec<Installed>,
    pushes: Arc<Pushes>,
}

impl Extensions {
    /// Makes the parts of all extensions that are on and wires them. Returns them with the commands of the
    /// whole server.
    pub(crate) fn install(
        extensions: Vec<Extension>,
        configured: &[ConfiguredExtension],
        host: ExtensionHost,
        (core, registry): (&Database, &Registry),
        (builder, listeners): (&mut Builder, &mut Listeners),
    ) -> Result<(Self, Ops), Failure> {
        let ExtensionHost {
            runtime,
            tasks,
            buses,
        } = host;
        let pushes = Arc::new(Pushes::default());
        let core = core.clone();
        let mut installer = Installer::new(Host {
            bus: builder.bus(),
            tasks: tasks.clone(),
            push: Arc::clone(&pushes) as Arc<dyn extension::Push>,
            epoch: Arc::new(move || core.epoch()),
        });
        let mut ops = Ops::builtin();
        let mut installed = Vec::new();
        let making = Mutex::new("");
        let make_all = || -> Result<(), Failure> {
            for extension in extensions {
                let name = extension.name();
                let one = configured.iter().find(|one| one.name() == name);
                let (Some(one), Some(bus)) = (one, buses.get(name)) else {
                    continue;
                };
                *making.lock() = name;
                let given = Given {
                    bus: bus.clone(),
                    settings: one
                        .declared
                        .settings
                        .as_ref()
                        .map(settings::AnyTable::value),
                    database: registry.database(name),
                };
                let built = installer.install(extension, given, builder);
                let mut built = built.map_err(wrong)?;
                offer(&mut built, &mut ops, listeners)?;
                installed.push(built);
            }
            Ok(())
        };
        match &runtime {
            Some(runtime) => runtime
                .run(make_all, || still_making(*making.lock()))
                .context("cannot start a thread for extensions")??,
            None => make_all()?,
        }
        installer.finish(builder).map_err(wrong)?;
        let extensions = Self {
            _runtime: runtime,
            tasks,
            installed,
            pushes,
        };
        Ok((extensions, ops))
    }

    /// Starts the followers and the tasks. Call it after the bus has started.
    pub(crate) fn start(&mut self, gateway: &Gateway, tasks: &Tasks) {
        self.pushes.connect(gateway);
        for installed in &mut self.installed {
            installed.start(&self.tasks);
        }
        let held = self.installed.iter();
        let held: BTreeMap<_, _> = held.map(|one| (one.name, one.held_threads())).collect();
        if !held.is_empty() {
            watch::start(tasks, &self.tasks, held);
        }
    }

    /// Returns what the operator sees of each at `/health/NAME`.
    pub(crate) fn probes(&self) -> Vec<Arc<dyn Probe>> {
        self.installed.iter().map(Installed::probe).collect()
    }

    /// Returns what the operator can have them do.
    pub(crate) fn actions(&self) -> Vec<Arc<dyn OperatorActions>> {
        self.installed
            .iter()
            .filter_map(Installed::actions)
            .collect()
    }

    /// Adds their numbers to the page of metrics.
    pub(crate) fn add_metrics(&self, page: &mut MetricsPage) {
        for installed in &self.installed {
            page.add(ExtensionMetrics::of(installed));
        }
        if !self.installed.is_empty() {
            page.add(BusyMetrics(self.tasks.clone()));
        }
    }
}

/// Adds what an extension offers to clients.
fn offer(built: &mut Installed, ops: &mut Ops, listeners: &mut Listeners) -> Result<(), Failure> {
    let extension = built.name;
    let refused = |problem: String| wrong(InstallError { extension, problem });
    for op in built.ops.drain(..) {
        let added = ops.add_foreign(commands::foreign(op));
        added.map_err(|error| refused(error.to_string()))?;
    }
    for served in built.mounts.drain(..) {
        let mounted = listeners.mount(http::mount(served));
        mounted.map_err(|error| refused(error.to_string()))?;
    }
    Ok(())
}

fn still_making(extension: &str) {
    tracing::warn!(
        extension,
        "an extension is still being made: a closure that makes a part of it loops or waits"
    );
}

fn wrong(error: InstallError) -> Failure {
    DeclarationError::new(error.extension, &error.problem).into()
}
