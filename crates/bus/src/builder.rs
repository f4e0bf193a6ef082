//! Building the bus: wiring is checked first, then everything is loaded, then spawned.

use crate::{Bus, LoadError, Reads, Request, Subscriber, Tasks};
use std::sync::Arc;
use std::time::Duration;

/// The bus's limits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Events and ordered requests from outside under way at once. Default 1,024. Too low: sockets
    /// wait although the database is idle. Too high: memory under overload, longer queues.
    pub credits: usize,
    /// How long one handler call may take. Default 2 s. Too low: a slow disk rebuilds subscribers;
    /// too high: a stuck handler holds everyone up for that long.
    pub handler_limit: Duration,
    /// Events an isolated subscriber may be behind before it is told what it missed. Default 4,096.
    pub ring: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credits: 1024,
            handler_limit: Duration::from_secs(2),
            ring: 4096,
        }
    }
}

/// A mistake in how the bus was put together; found before anything runs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WiringError {
    /// Two types of event or request with one name.
    #[error("the name {0} is taken by two types")]
    DuplicateName(&'static str),
    /// Two subscribers with one name.
    #[error("two subscribers are called {0}")]
    DuplicateSubscriber(&'static str),
    /// Two answerers of one request.
    #[error("{0} has two answerers")]
    TwoAnswerers(&'static str),
    /// A request that someone will ask and nobody answers.
    #[error("{0} has no answerer")]
    NoAnswerer(&'static str),
}

/// Collects subscribers and answerers.
pub struct Builder {
    _private: (),
}

impl Builder {
    /// An empty bus with these limits, whose subscribers will be tasks of `tasks`.
    #[must_use]
    pub fn new(_settings: Settings, _tasks: &Tasks) -> Self {
        unimplemented!()
    }
    /// The handle; usable at once for wiring, deaf until the start.
    #[must_use]
    pub fn bus(&self) -> Bus {
        unimplemented!()
    }
    /// Adds a subscriber whose queue holds credits: it loses nothing, and if it is stuck the edge
    /// waits.
    pub fn essential<S: Subscriber>(&mut self, _seed: S::Seed) -> &mut Self {
        unimplemented!()
    }
    /// Adds a subscriber with a ring of its own: it stalls nobody and is told what it missed.
    pub fn isolated<S: Subscriber>(&mut self, _seed: S::Seed) -> &mut Self {
        unimplemented!()
    }
    /// Adds a concurrent answerer of `R`. All requests added with the same `reader` name share one
    /// semaphore of `at_once` permits.
    pub fn reads<R: Request, A: Reads<R>>(
        &mut self,
        _reader: &'static str,
        _at_once: usize,
        _answerer: Arc<A>,
    ) -> &mut Self {
        unimplemented!()
    }
    /// Declares that someone will ask `R`: without an answerer the start fails.
    pub fn asks<R: Request>(&mut self) -> &mut Self {
        unimplemented!()
    }
    /// Checks the wiring, loads every subscriber, then spawns them.
    pub async fn start(self) -> Result<Running, StartError> {
        unimplemented!()
    }
}

/// Why the bus did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Put together wrongly.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// A subscriber could not be loaded.
    #[error("{subscriber}: {error}")]
    Load {
        /// Which.
        subscriber: &'static str,
        /// Why.
        error: LoadError,
    },
}

/// A bus under way.
pub struct Running {
    _private: (),
}

impl Running {
    /// The handle.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        unimplemented!()
    }
    /// Ends every subscriber after what is already queued, at most `within`.
    pub async fn stop(self, _within: Duration) {
        unimplemented!()
    }
}
