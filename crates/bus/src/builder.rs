//! Builds the bus: checks the wiring, then loads every subscriber, then spawns them.

use crate::actor::Actor;
use crate::overrun_watch::OverrunWatch;
use crate::rebuild::{Rebuild, load};
use crate::routing_builder::RoutingBuilder;
use crate::shared::{ESSENTIAL, Shared};
use crate::{
    Bus, Essential, Isolated, Reads, Request, Running, Settings, StartError, Subscriber, Task,
    Tasks, Wiring,
};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Collects subscribers and concurrent answerers, and starts the bus.
pub struct Builder {
    shared: Arc<Shared>,
    tasks: Tasks,
    routing: RoutingBuilder,
    plans: Vec<Box<dyn Plan>>,
}

impl Builder {
    /// Creates an empty bus with these limits. Its subscribers will run as tasks of `tasks`.
    #[must_use]
    pub fn new(settings: Settings, tasks: &Tasks) -> Self {
        Self {
            shared: Shared::new(settings),
            tasks: tasks.clone(),
            routing: RoutingBuilder::default(),
            plans: Vec::new(),
        }
    }

    /// Returns a handle for wiring. Until the start, published events are dropped and requests
    /// fail.
    #[must_use]
    pub fn bus(&self) -> Bus {
        Bus::new(Arc::clone(&self.shared))
    }

    /// Adds a subscriber whose queued items hold credits: it loses nothing, and while it is stuck
    /// publishers from outside wait.
    pub fn essential<S: Subscriber<Kind = Essential>>(&mut self, deps: S::Deps) -> &mut Self {
        let planned = self.plan::<S>(deps, true);
        self.plans.push(Box::new(EssentialPlan {
            planned,
            state: None,
        }));
        self
    }

    /// Adds a subscriber with its own ring buffer: it delays nobody and learns how much it missed.
    /// It loads in the background, so missing storage does not prevent the start.
    pub fn isolated<S: Subscriber<Kind = Isolated>>(&mut self, deps: S::Deps) -> &mut Self {
        let planned = self.plan::<S>(deps, false);
        self.plans.push(Box::new(IsolatedPlan { planned }));
        self
    }

    /// Adds a concurrent answerer of `R`. All requests added under the same `reader` name share one
    /// semaphore; the first of them sets its size, `at_once`.
    pub fn reads<R: Request, A: Reads<R>>(
        &mut self,
        reader: &'static str,
        at_once: usize,
        answerer: Arc<A>,
    ) -> &mut Self {
        self.routing.reads::<R, A>(reader, at_once, answerer);
        self
    }

    /// Declares that `R` will be asked: the start fails if nothing answers it.
    pub fn asks<R: Request>(&mut self) -> &mut Self {
        self.routing.asks::<R>();
        self
    }

    /// Checks the wiring, loads the essential subscribers, then spawns all. Events published
    /// meanwhile wait in the queues.
    pub async fn start(self) -> Result<Running, StartError> {
        let Self {
            shared,
            tasks,
            routing,
            mut plans,
            ..
        } = self;
        shared.wire(routing.checked()?);
        for plan in &mut plans {
            if let Err(error) = plan.load().await {
                shared.clear();
                return Err(error);
            }
        }
        let watch = OverrunWatch::new(Arc::clone(&shared), tasks.stopping().clone()).start();
        let tasks = plans.into_iter().map(|plan| plan.spawn(&tasks)).collect();
        Ok(Running::new(shared, tasks, watch))
    }

    fn plan<S: Subscriber>(&mut self, deps: S::Deps, essential: bool) -> Planned<S> {
        let wiring = Wiring::of();
        let (events, requests) = (wiring.events(), wiring.requests());
        let routing = &mut self.routing;
        let index = routing.subscriber(S::NAME, essential, events, requests);
        Planned {
            index,
            wiring: Arc::new(wiring),
            deps: Arc::new(deps),
            shared: Arc::clone(&self.shared),
        }
    }
}

/// A subscriber that has not been spawned yet.
trait Plan: Send {
    fn load(&mut self) -> BoxFuture<'_, Result<(), StartError>>;
    fn spawn(self: Box<Self>, tasks: &Tasks) -> Task;
}

struct Planned<S: Subscriber> {
    shared: Arc<Shared>,
    index: usize,
    wiring: Arc<Wiring<S>>,
    deps: Arc<S::Deps>,
}

impl<S: Subscriber> Planned<S> {
    fn actor(&self, tasks: &Tasks) -> Actor<S> {
        let stop = tasks.stopping().clone();
        let rebuild = Rebuild::new(self.index, Arc::clone(&self.deps), stop);
        Actor::new(
            Arc::clone(&self.shared),
            self.index,
            Arc::clone(&self.wiring),
            rebuild,
        )
    }
}

struct EssentialPlan<S: Subscriber> {
    planned: Planned<S>,
    state: Option<S>,
}

impl<S: Subscriber> Plan for EssentialPlan<S> {
    fn load(&mut self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(async {
            let loaded = load::<S>(&self.planned.deps).await;
            let failed = |error| StartError::Load {
                subscriber: S::NAME,
                error,
            };
            self.state = Some(loaded.map_err(failed)?);
            Ok(())
        })
    }

    fn spawn(self: Box<Self>, tasks: &Tasks) -> Task {
        let running = self.planned.actor(tasks).run(self.state);
        tasks.essential(S::NAME, "subscriber", async {
            ESSENTIAL.scope(S::NAME, running).await;
            Ok(())
        })
    }
}

struct IsolatedPlan<S: Subscriber> {
    planned: Planned<S>,
}

impl<S: Subscriber> Plan for IsolatedPlan<S> {
    fn load(&mut self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(async { Ok(()) })
    }

    fn spawn(self: Box<Self>, tasks: &Tasks) -> Task {
        let handle = tasks.clone();
        tasks.restarting(S::NAME, "subscriber", move || {
            let running = self.planned.actor(&handle).run(None);
            async {
                running.await;
                Ok(())
            }
        })
    }
}
