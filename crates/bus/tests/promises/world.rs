//! What the tests share: a few events and requests, and how a bus is built and ended.

use bus::{Builder, Event, Request, Running, Settings, Tasks};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Long enough for anything here.
pub(crate) const LONG: Duration = Duration::from_secs(60);

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

    pub(crate) async fn end(self) {
        let bus = self.bus();
        self.running.stop(LONG).await;
        assert_eq!(
            self.tasks.stop(LONG).await,
            Vec::<String>::new(),
            "tasks are left"
        );
        let figures = bus.figures();
        assert_eq!(
            figures.credits_free, figures.credits,
            "credits are not home"
        );
    }
}

/// One kind of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ping(pub(crate) u64);

impl Event for Ping {
    const NAME: &'static str = "test.ping";
}

/// What is published in reaction to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pong(pub(crate) u64);

impl Event for Pong {
    const NAME: &'static str = "test.pong";
}

/// A request that wants its number doubled.
#[derive(Debug, Clone)]
pub(crate) struct Double(pub(crate) u64);

impl Request for Double {
    const NAME: &'static str = "test.double";
    type Answer = u64;
}
