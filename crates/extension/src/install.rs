//! How an extension becomes part of a server.

use crate::assembly::{Assembly, ExpectedAnswer};
use crate::cx::{Cx, Parts};
use crate::declaration::Extension;
use crate::follower::{Feed, Inbox, Source};
use crate::installed::Installed;
use crate::places::{PLACES, Rates};
use crate::push::Push;
use bus::{Builder, Bus, Clock, Tasks, WiringError, panics};
use rooms::api::{FollowLog, Heads};
use std::any::Any;
use std::sync::Arc;
use storage::Database;
use tokio::sync::Semaphore;

/// What the server gives to all extensions.
pub struct Host {
    /// The bus of the server, for requests of clients.
    pub bus: Bus,
    /// Sends the pushes of extensions.
    pub push: Arc<dyn Push>,
    /// Returns the epoch of the core store.
    pub epoch: Arc<dyn Fn() -> String + Send + Sync>,
}

/// What the server gives to one extension.
pub struct Given {
    /// Spawns on the extension's runtime.
    pub tasks: Tasks,
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
    expected: Vec<ExpectedAnswer>,
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

impl Installer {
    /// Begins with what all extensions share.
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
            expected: Vec::new(),
        }
    }

    /// Makes the parts of an extension and wires them. A mistake in its wiring and a panic of its `make`
    /// closures are errors that name it.
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
        let sees_all = extension.reads_private_rooms();
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
            tasks: given.tasks,
            source: &self.source,
            sees_all,
            inbox: None,
            expected: Vec::new(),
            mistakes: Vec::new(),
            installed: Installed::new(name),
        };
        for part in extension.parts {
            let made = panics::caught_now(|| part(&mut assembly));
            made.map_err(|panic| failed(format!("while it was made, it {panic}")))?;
            if let Some(mistake) = assembly.builder.mistake() {
                return Err(failed(format!("{mistake}: {}", remedy(mistake))));
            }
        }
        if let Some(mistake) = assembly.mistakes.into_iter().next() {
            return Err(failed(mistake));
        }
        self.inboxes.extend(assembly.inbox);
        self.expected.extend(assembly.expected);
        Ok(assembly.installed)
    }

    /// Adds what all followers share, and checks that whatever they ask has an answerer. Call it after the
    /// last extension.
    pub fn finish(self, builder: &mut Builder) -> Result<(), InstallError> {
        let catalogue = builder.catalogue();
        let is_answered = |request| {
            let item = catalogue.find(request);
            item.is_some_and(|item| item.answered_by.is_some())
        };
        let mut expected = self.expected.into_iter();
        if let Some(missing) = expected.find(|expected| !is_answered(expected.request)) {
            return Err(InstallError {
                extension: missing.extension,
                problem: missing.otherwise,
            });
        }
        if !self.inboxes.is_empty() {
            builder
                .isolated::<Feed>(self.inboxes)
                .asks::<FollowLog>()
                .asks::<Heads>();
        }
        Ok(())
    }
}

/// Returns what to do about a mistake in the wiring of an extension.
fn remedy(mistake: &WiringError) -> &'static str {
    match mistake {
        WiringError::DuplicateName(_) => "rename one of them",
        WiringError::DuplicateSubscriber(_) => "rename one of them, or leave it out",
        WiringError::TwoAnswerers(_) => "leave one of them out",
        WiringError::NoAnswerer(_) => "add its answerer",
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
