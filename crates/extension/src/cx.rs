//! What an extension works with: its settings, its database, and the server's requests and facts.

use crate::places::Rates;
use crate::push::{Push, PushError, PushTarget};
use crate::{Askable, Declined, Stated};
use bus::{AskError, Bus, Clock, Request, TraceId};
use serde::Serialize;
use sessions::api::{Caller, OpenServiceAccount};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use storage::Database;

/// Longest time for a request of an extension.
const ASK_WITHIN: Duration = Duration::from_secs(10);

/// What an extension works with. A cheap handle.
#[derive(Clone)]
pub struct Cx {
    parts: Arc<Parts>,
    /// The trace of the command that it answers.
    trace: Option<TraceId>,
}

pub(crate) struct Parts {
    pub(crate) name: &'static str,
    pub(crate) settings: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) database: Option<Database>,
    pub(crate) bus: Bus,
    pub(crate) rates: Rates,
    pub(crate) clock: Arc<dyn Clock>,
    #[cfg(feature = "testing")]
    pub(crate) faults: crate::Faults,
    pub(crate) push: Arc<dyn Push>,
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cx").field(&self.parts.name).finish()
    }
}

impl Cx {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            trace: None,
        }
    }

    /// Makes requests under this trace, so that the log shows them with the command that caused them.
    pub(crate) fn under(&self, trace: TraceId) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
            trace: Some(trace),
        }
    }

    /// The extension's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.parts.name
    }

    /// The settings that the operator gave it.
    ///
    /// # Panics
    /// If the extension does not declare settings of this type: a mistake that shows at the start,
    /// when it is asked for in a `make` closure.
    #[must_use]
    pub fn settings<C: settings::Table>(&self) -> Arc<C> {
        let declared = self.parts.settings.clone().map(Arc::downcast::<C>);
        match declared {
            Some(Ok(settings)) => settings,
            _ => panic!(
                "extension {} declares no settings of the type {}",
                self.parts.name,
                std::any::type_name::<C>()
            ),
        }
    }

    /// The database of the extension.
    ///
    /// # Panics
    /// If the extension declares none.
    #[must_use]
    pub fn database(&self) -> &Database {
        let database = self.parts.database.as_ref();
        database.unwrap_or_else(|| panic!("extension {} declares no database", self.parts.name))
    }

    /// The time, in ms since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.parts.clock.wall_ms()
    }

    /// Makes a request that may be refused, and waits for the answer at most ten seconds. An extension
    /// asks 16 things at a time and 200 in a second; beyond that, this waits.
    pub async fn ask<R, T, F>(&self, request: R) -> Result<T, Declined>
    where
        R: Askable<Answer = Result<T, F>>,
        Declined: From<F>,
    {
        Ok(self.ask_infallible(request).await??)
    }

    /// Makes a request that is never refused, like [`Cx::ask`].
    pub async fn ask_infallible<R: Askable>(&self, request: R) -> Result<R::Answer, AskError> {
        let asking = async {
            self.parts.rates.may_ask().await;
            self.ask_bus(request).await
        };
        let asked = tokio::time::timeout(ASK_WITHIN, asking).await;
        asked.unwrap_or(Err(AskError::Overloaded))
    }

    /// States a fact of the extension's own, for its subscribers and those of other extensions.
    /// Beyond a thousand in a second, this waits.
    pub async fn state<E: Stated>(&self, event: E) {
        self.parts.rates.may_state().await;
        self.parts.bus.publish(event).await;
    }

    /// Returns the extension's account of this name, which no password opens: with it, the extension
    /// joins rooms and writes. It is made when it is first asked for. A name that a person has is
    /// refused as a conflict.
    pub async fn account(&self, name: &str) -> Result<Caller, Declined> {
        self.parts.rates.may_ask().await;
        let request = OpenServiceAccount {
            service: self.parts.name,
            name: name.to_owned(),
        };
        Ok(self.ask_bus(request).await??)
    }

    /// Sends the push `x.EXTENSION.{name}` to whoever it is for and is connected, best effort.
    pub fn push(&self, to: PushTarget, name: &str, body: &impl Serialize) -> Result<(), PushError> {
        let body = serde_json::value::to_raw_value(body)
            .map_err(|error| PushError::NotJson(error.to_string()))?;
        let name = format!("x.{}.{name}", self.parts.name);
        self.parts.push.push(to, &name, body)
    }

    async fn ask_bus<R: Request>(&self, request: R) -> Result<R::Answer, AskError> {
        let trace = self.trace.unwrap_or_else(TraceId::random);
        self.parts.bus.ask_traced(request, ASK_WITHIN, trace).await
    }

    #[cfg(feature = "testing")]
    pub(crate) fn faults(&self) -> &crate::Faults {
        &self.parts.faults
    }

    pub(crate) fn bus(&self) -> &Bus {
        &self.parts.bus
    }
}
