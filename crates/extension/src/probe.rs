//! The health of an extension, for the operator.

use crate::follower::FollowerStatus;
use crate::observed_view::ObservedView;
use bus::{Probe, ProbeState};
use futures_util::future::{BoxFuture, ready};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The tasks of an extension that hold a thread. Whoever watches the threads writes it, so that nobody who
/// reads it waits for a thread of the lowest priority.
#[derive(Default)]
pub struct HeldThreads(Mutex<Vec<String>>);

impl HeldThreads {
    /// Notes the tasks that hold a thread now.
    pub fn set(&self, tasks: Vec<String>) {
        *self.0.lock() = tasks;
    }

    fn cause(&self) -> Option<String> {
        let tasks = self.0.lock();
        (!tasks.is_empty()).then(|| {
            let tasks = tasks.join(", ");
            format!("it loops or blocks where it should wait, and holds a thread: {tasks}")
        })
    }
}

/// The probe of an extension: whether it holds a thread, how its follower does, and its own view.
pub(crate) struct ExtensionProbe {
    pub(crate) name: &'static str,
    pub(crate) view: Option<Arc<ObservedView>>,
    pub(crate) follower: Option<Arc<FollowerStatus>>,
    pub(crate) held: Arc<HeldThreads>,
}

/// The page `/health/NAME`.
#[derive(Serialize)]
struct HealthPage<'a> {
    status: &'static str,
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follower: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<&'a RawValue>,
}

impl ExtensionProbe {
    fn trouble(&self) -> Option<String> {
        let following = || self.follower.as_ref()?.trouble();
        let own = || self.view.as_ref()?.trouble();
        self.held.cause().or_else(following).or_else(own)
    }
}

impl Probe for ExtensionProbe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn critical(&self) -> bool {
        false
    }

    fn refresh(&self) -> BoxFuture<'static, ()> {
        match &self.view {
            Some(view) => Box::pin(Arc::clone(view).refresh()),
            None => Box::pin(ready(())),
        }
    }

    fn state(&self) -> ProbeState {
        match self.trouble() {
            None => ProbeState::Ok,
            Some(_) => ProbeState::Degraded,
        }
    }

    fn json(&self) -> String {
        let cause = self.trouble();
        let figures = self.view.as_ref().map(|view| view.figures());
        let page = HealthPage {
            status: if cause.is_some() { "degraded" } else { "ok" },
            cause,
            follower: self.follower.as_ref().map(|follower| follower.json()),
            figures: figures.as_deref(),
        };
        serde_json::to_string(&page).expect("a page is JSON")
    }
}
