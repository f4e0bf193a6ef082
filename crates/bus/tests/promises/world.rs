//! Shared by the tests: a few events and requests, and how to start and stop a bus.

use bus::{AskError, Builder, Event, Request, Running, Settings, Tasks};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Long enough for anything here; most tests run on paused time, where it costs nothing.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// A bus with its tasks; [`World::end`] asserts that nothing is left of it.
pub(crate) struct World {
    pub(crate) tasks: Tasks,
    pub(crate) running: Running,
}

impl World {
    pub(crate) async fn new(settings: Settings, wire: impl FnOnce(&mut Builder)) -> Self {
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(settings, &tasks);
        wire(&mut builder);
        let running = builder.start().await.expect("the bus starts");
        Self { tasks, running }
    }

    pub(crate) fn bus(&self) -> bus::Bus {
        self.running.bus().clone()
    }

    /// Sends a request from a task of its own.
    pub(crate) fn asks<R: Request>(
        &self,
        request: R,
        within: Duration,
    ) -> impl Future<Output = Result<R::Answer, AskError>> + use<R> {
        let (bus, (sender, answer)) = (self.bus(), oneshot::channel());
        self.tasks.once("test", "asking", async move {
            // Fails only if the test has ended.
            let _ = sender.send(bus.ask(request, within).await);
        });
        async { answer.await.expect("the task runs to its end") }
    }

    pub(crate) async fn end(self) {
        let bus = self.bus();
        self.running.stop(LONG).await;
        assert_eq!(
            self.tasks.stop(LONG).await,
            Vec::<String>::new(),
            "tasks are left"
        );
        assert!(self.tasks.list().is_empty(), "the list is not empty");
        let metrics = bus.metrics();
        assert_eq!(
            metrics.credits_free, metrics.credits,
            "credits were not returned"
        );
    }
}

/// Few credits, so that a leak shows.
pub(crate) fn credits(credits: usize) -> Settings {
    Settings {
        credits,
        ..Settings::default()
    }
}

/// A list that subscribers write and tests read.
#[derive(Clone)]
pub(crate) struct Notes(Arc<watch::Sender<Vec<String>>>);

impl Default for Notes {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }
}

impl Notes {
    pub(crate) fn add(&self, note: impl Into<String>) {
        self.0.send_modify(|notes| notes.push(note.into()));
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Vec<String> {
        let mut notes = self.0.subscribe();
        let notes = notes.wait_for(|notes| notes.len() >= count).await;
        notes.expect("these notes hold the sender").clone()
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ping(pub(crate) u64);

impl Event for Ping {
    const NAME: &'static str = "test.ping";
}

/// An event published in reaction to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pong(pub(crate) u64);

impl Event for Pong {
    const NAME: &'static str = "test.pong";
}

/// A request to double a number.
#[derive(Debug, Clone)]
pub(crate) struct Double(pub(crate) u64);

impl Request for Double {
    const NAME: &'static str = "test.double";
    type Answer = u64;
}
