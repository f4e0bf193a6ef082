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
use pushes::Pushes;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Database, Registry};
use watch::Watched;

/// Where the extensions run that are on, by name, before they are installed.
pub(crate) struct ExtensionHost(BTreeMap<&'static str, ExtensionHome>);

/// Where one extension runs.
#[derive(Clone)]
struct ExtensionHome {
    runtime: Arc<ExtensionRuntime>,
    /// Spawns on that runtime.
    tasks: Tasks,
    /// Its handle to the bus.
    bus: Bus,
}

impl ExtensionHost {
    /// Starts the threads of the extensions that are on.
    pub(crate) fn start(
        extensions: &[ConfiguredExtension],
        builder: &Builder,
        tasks: &Tasks,
    ) -> Result<Self, Failure> {
        let on = extensions.iter().filter(|one| one.is_on());
        let places = on.map(|one| {
            let name = one.name();
            let runtime = ExtensionRuntime::start(name)
                .with_context(|| format!("cannot start the threads of the extension {name}"))?;
            let place = ExtensionHome {
                tasks: tasks.on(runtime.handle()),
                runtime: Arc::new(runtime),
                bus: extension::bounded_bus(name, builder),
            };
            Ok((name, place))
        });
        let places: anyhow::Result<_> = places.collect();
        Ok(Self(places?))
    }

    /// Returns what keeps the threads alive.
    pub(crate) fn threads(&self) -> Vec<Arc<ExtensionRuntime>> {
        let places = self.0.values();
        places.map(|place| Arc::clone(&place.runtime)).collect()
    }

    /// Returns the handle through which a database of this name is registered: that of an extension works
    /// in the extension's threads.
    pub(crate) fn registry_for(&self, name: &str, registry: &Registry) -> Registry {
        match self.0.get(name) {
            Some(place) => registry.on(place.bus.clone(), place.tasks.clone()),
            None => registry.clone(),
        }
    }
}

/// Extensions that are part of a server.
pub(crate) struct Extensions {
    /// Their threads end when this is dropped, at the end of the server.
    installed: Vec<(Installed, ExtensionHome)>,
    pushes: Arc<Pushes>,
}

impl Extensions {
    /// Makes the parts of all extensions that are on and wires them. Returns them with the commands of the
    /// whole server.
    pub(crate) fn install(
        extensions: Vec<Extension>,
        configured: &[ConfiguredExtension],
        host: &ExtensionHost,
        (core, registry): (&Database, &Registry),
        (builder, listeners): (&mut Builder, &mut Listeners),
    ) -> Result<(Self, Ops), Failure> {
        let pushes = Arc::new(Pushes::default());
        let core = core.clone();
        let mut installer = Installer::new(Host {
            bus: builder.bus(),
            push: Arc::clone(&pushes) as Arc<dyn extension::Push>,
            epoch: Arc::new(move || core.epoch()),
        });
        let mut ops = Ops::builtin();
        let mut all = Vec::new();
        for extension in extensions {
            let name = extension.name();
            let one = configured.iter().find(|one| one.name() == name);
            let (Some(one), Some(place)) = (one, host.0.get(name)) else {
                continue;
            };
            let settings = one.declared.settings.as_ref();
            let given = Given {
                tasks: place.tasks.clone(),
                bus: place.bus.clone(),
                settings: settings.map(settings::AnyTable::value),
                database: registry.database(name),
            };
            let make = || installer.install(extension, given, builder);
            let built = place.runtime.run(make, || still_making(name));
            let built = built.context("cannot start a thread for an extension")?;
            let mut built = built.map_err(|error| wrong(&error))?;
            offer(&mut built, &mut ops, listeners)?;
            all.push((built, place.clone()));
        }
        installer.finish(builder).map_err(|error| wrong(&error))?;
        let extensions = Self {
            installed: all,
            pushes,
        };
        Ok((extensions, ops))
    }

    /// Starts the followers and the tasks. Call it after the bus has started.
    pub(crate) fn start(&mut self, gateway: &Gateway, tasks: &Tasks) {
        self.pushes.connect(gateway);
        for (installed, place) in &mut self.installed {
            installed.start(&place.tasks);
        }
        let watched = self.installed.iter();
        let watched = watched.map(|(installed, place)| Watched {
            extension: installed.name,
            tasks: place.tasks.clone(),
            note: installed.held_threads(),
        });
        watch::start(tasks, watched.collect());
    }

    /// Returns what the operator sees of each at `/health/NAME`.
    pub(crate) fn probes(&self) -> Vec<Arc<dyn Probe>> {
        let installed = self.installed.iter();
        installed.map(|(installed, _)| installed.probe()).collect()
    }

    /// Returns what the operator can have them do.
    pub(crate) fn actions(&self) -> Vec<Arc<dyn OperatorActions>> {
        let installed = self.installed.iter();
        installed
            .filter_map(|(installed, _)| installed.actions())
            .collect()
    }

    /// Adds their numbers to the page of metrics.
    pub(crate) fn add_metrics(&self, page: &mut MetricsPage) {
        for (installed, _) in &self.installed {
            page.add(ExtensionMetrics::of(installed));
        }
        let tasks = self.installed.iter();
        let tasks = tasks.map(|(installed, place)| (installed.name, place.tasks.clone()));
        let tasks: Vec<_> = tasks.collect();
        if !tasks.is_empty() {
            page.add(BusyMetrics(tasks));
        }
    }
}

/// Adds what an extension offers to clients.
fn offer(built: &mut Installed, ops: &mut Ops, listeners: &mut Listeners) -> Result<(), Failure> {
    let extension = built.name;
    let refused = |problem: String| wrong(&InstallError { extension, problem });
    for op in built.ops.drain(..) {
        let added = ops.add_foreign(commands::foreign(op));
        added.map_err(|error| refused(error.to_string()))?;
    }
    for served in built.mounts.drain(..) {
        let mount = http::mount(served).map_err(&refused)?;
        let mounted = listeners.mount(mount);
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

fn wrong(error: &InstallError) -> Failure {
    DeclarationError::new(error.extension, &error.problem).into()
}
