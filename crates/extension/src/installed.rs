//! An extension that is part of a server.

use crate::confined_actions::ConfinedActions;
use crate::follower::{FollowerStatus, Inbox, RebuildAction};
use crate::mount::Served;
use crate::observed_view::ObservedView;
use crate::op::WireOp;
use crate::probe::{ExtensionProbe, HeldThreads};
use crate::view::Metric;
use bus::{OperatorActions, Probe, Tasks};
use std::sync::Arc;

/// An extension that was built and does not run yet.
pub struct Installed {
    /// The name of the extension.
    pub name: &'static str,
    /// The ops that it answers.
    pub ops: Vec<WireOp>,
    /// What it serves over HTTP.
    pub mounts: Vec<Served>,
    pub(crate) view: Option<Arc<ObservedView>>,
    pub(crate) actions: Option<Arc<ConfinedActions>>,
    pub(crate) follower: Option<Arc<FollowerStatus>>,
    /// Of a follower that makes the same again when it begins again.
    pub(crate) rebuilt: Option<Arc<Inbox>>,
    pub(crate) held: Arc<HeldThreads>,
    pub(crate) starts: Vec<Start>,
}

/// Starts a part that runs.
pub(crate) type Start = Box<dyn FnOnce(&Tasks) + Send>;

impl Installed {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            ops: Vec::new(),
            mounts: Vec::new(),
            view: None,
            actions: None,
            follower: None,
            rebuilt: None,
            held: Arc::default(),
            starts: Vec::new(),
        }
    }

    /// Starts its follower and its tasks. Call it after the bus has started. `tasks` spawns on the
    /// runtime of extensions.
    pub fn start(&mut self, tasks: &Tasks) {
        for start in self.starts.drain(..) {
            start(tasks);
        }
    }

    /// Returns what `/health/NAME` shows.
    #[must_use]
    pub fn probe(&self) -> Arc<dyn Probe> {
        Arc::new(ExtensionProbe {
            name: self.name,
            view: self.view.clone(),
            follower: self.follower.clone(),
            held: Arc::clone(&self.held),
        })
    }

    /// Returns where whoever watches the threads notes which of its tasks hold one.
    #[must_use]
    pub fn held_threads(&self) -> Arc<HeldThreads> {
        Arc::clone(&self.held)
    }

    /// Returns what the operator can have it do.
    #[must_use]
    pub fn actions(&self) -> Option<Arc<dyn OperatorActions>> {
        let own = self.actions.clone();
        let own = own.map(|actions| actions as Arc<dyn OperatorActions>);
        let Some(inbox) = self.rebuilt.clone() else {
            return own;
        };
        let extension = self.name;
        Some(Arc::new(RebuildAction {
            extension,
            inbox,
            own,
        }))
    }

    /// Returns what reads its metrics, as they were when its probe was last refreshed. Never waits for the
    /// extension.
    pub fn metrics(&self) -> impl Fn() -> Vec<Metric> + Send + Sync + use<> {
        let (view, follower) = (self.view.clone(), self.follower.clone());
        move || {
            let own = view.iter().flat_map(|view| view.metrics());
            let following = follower.iter().flat_map(|follower| follower.metrics());
            own.chain(following).collect()
        }
    }
}
