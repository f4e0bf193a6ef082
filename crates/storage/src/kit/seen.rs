//! Recording the facts that were stated.

use bus::{Builder, Context, Essential, Event, Handles, LoadError, Subscriber, Wiring};
use parking_lot::Mutex;
use std::sync::Arc;

/// Every `E` that was on the bus, in order. Clones share the record.
pub struct Seen<E>(Arc<Mutex<Vec<Arc<E>>>>);

impl<E: Event> Seen<E> {
    /// Returns an empty record.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Subscribes to a bus. Once the bus is quiet, every fact stated before is recorded.
    pub fn watch(&self, bus: &mut Builder) {
        bus.essential::<Recorder<E>>(self.clone());
    }

    /// Returns the facts recorded so far.
    #[must_use]
    pub fn facts(&self) -> Vec<Arc<E>> {
        self.0.lock().clone()
    }
}

impl<E: Event> Default for Seen<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for Seen<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Recorder<E>(Seen<E>);

impl<E: Event> Subscriber for Recorder<E> {
    const NAME: &'static str = E::NAME;
    type Kind = Essential;
    type Deps = Seen<E>;

    async fn load(deps: &Seen<E>) -> Result<Self, LoadError> {
        Ok(Self(deps.clone()))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<E>();
    }
}

impl<E: Event> Handles<E> for Recorder<E> {
    fn handle(&mut self, event: &Arc<E>, _ctx: &mut Context) {
        let mut facts = self.0.0.lock();
        facts.push(Arc::clone(event));
    }
}
