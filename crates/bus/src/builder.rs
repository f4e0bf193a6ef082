//! Building the bus: wiring is checked first, then everything is loaded, then spawned.

use crate::actor::Actor;
use crate::hub::{ESSENTIAL, Hub};
use crate::rebuild::{Rebuild, load};
use crate::routing_builder::RoutingBuilder;
use crate::{Bus, Reads, Request, Running, Settings, StartError, Subscriber, Task, Tasks, Wiring};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Collects subscribers and answerers.
pub struct Builder {
    hub: Arc<Hub>,
    tasks: Tasks,
    routing_builder: RoutingBuilder,
    plans: Vec<Box<dyn Plan>>,
}

impl Builder {
    /// An empty bus with these limits, whose subscribers will be tasks of `tasks`.
    #[must_use]
    pub fn new(settings: Settings, tasks: &Tasks) -> Self {
        Self {
            hub: Hub::new(settings),
            tasks: tasks.clone(),
            routing_builder: RoutingBuilder::default(),
            plans: Vec::new(),
        }
    }

    /// The handle; usable at once for wiring, deaf until the start.
    #[must_use]
    pub fn bus(&self) -> Bus {
        Bus::new(Arc::clone(&self.hub))
    }

    /// Adds a subscriber whose queue holds credits: it loses nothing, and if it is stuck the edge
    /// waits.
    pub fn essential<S: Subscriber>(&mut self, deps: S::Deps) -> &mut Self {
        let planned = self.plan::<S>(deps, true);
        self.plans.push(Box::new(Essential {
            planned,
            state: None,
        }));
        self
    }

    /// Adds a subscriber with a ring of its own: it stalls nobody and is told what it missed. It
    /// is loaded in its own time: one whose storage is away does not keep the server from starting.
    pub fn isolated<S: Subscriber>(&mut self, deps: S::Deps) -> &mut Self {
        let planned = self.plan::<S>(deps, false);
        self.plans.push(Box::new(Isolated { planned }));
        self
    }

    /// Adds a concurrent answerer of `R`. All requests added with the same `reader` name share one
    /// semaphore of `at_once` permits, as many as the first of them says.
    pub fn reads<R: Request, A: Reads<R>>(
        &mut self,
        reader: &'static str,
        at_once: usize,
        answerer: Arc<A>,
    ) -> &mut Self {
        self.routing_builder
            .reads::<R, A>(reader, at_once, answerer);
        self
    }

    /// Declares that someone will ask `R`: without an answerer the start fails.
    pub fn asks<R: Request>(&mut self) -> &mut Self {
        self.routing_builder.asks::<R>();
        self
    }

    /// Checks the wiring, loads every subscriber, then spawns them. What is published while they
    /// load waits for them.
    pub async fn start(self) -> Result<Running, StartError> {
        let Self {
            hub,
            tasks,
            routing_builder,
            mut plans,
            ..
        } = self;
        hub.wire(routing_builder.checked()?);
        for plan in &mut plans {
            if let Err(error) = plan.load().await {
                hub.clear();
                return Err(error);
            }
        }
        let tasks = plans.into_iter().map(|plan| plan.spawn(&tasks)).collect();
        Ok(Running::new(hub, tasks))
    }

    fn plan<S: Subscriber>(&mut self, deps: S::Deps, essential: bool) -> Planned<S> {
        let wiring = Wiring::of();
        let (events, requests) = (wiring.events(), wiring.requests());
        let routing = &mut self.routing_builder;
        let index = routing.subscriber(S::NAME, essential, events, requests);
        Planned {
            index,
            wiring: Arc::new(wiring),
            deps: Arc::new(deps),
            hub: Arc::clone(&self.hub),
        }
    }
}

/// A subscriber that does not run yet.
trait Plan: Send {
    fn load(&mut self) -> BoxFuture<'_, Result<(), StartError>>;
    fn spawn(self: Box<Self>, tasks: &Tasks) -> Task;
}

struct Planned<S: Subscriber> {
    hub: Arc<Hub>,
    index: usize,
    wiring: Arc<Wiring<S>>,
    deps: Arc<S::Deps>,
}

impl<S: Subscriber> Planned<S> {
    fn actor(&self, tasks: &Tasks) -> Actor<S> {
        let stop = tasks.stopping().clone();
        let rebuild = Rebuild::new(self.index, Arc::clone(&self.deps), stop);
        Actor::new(
            Arc::clone(&self.hub),
            self.index,
            Arc::clone(&self.wiring),
            rebuild,
        )
    }
}

struct Essential<S: Subscriber> {
    planned: Planned<S>,
    state: Option<S>,
}

impl<S: Subscriber> Plan for Essential<S> {
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

struct Isolated<S: Subscriber> {
    planned: Planned<S>,
}

impl<S: Subscriber> Plan for Isolated<S> {
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
