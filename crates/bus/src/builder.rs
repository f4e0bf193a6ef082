//! Builds the bus: checks the wiring, then loads every subscriber, then spawns them.

use crate::actor::Actor;
use crate::entrance::Entrance;
use crate::overrun_watch::OverrunWatch;
use crate::rebuild::{Rebuild, load};
use crate::routing_builder::RoutingBuilder;
use crate::shared::{ESSENTIAL, Shared};
use crate::{
    Bus, Catalogue, Essential, Event, Isolated, Reads, Request, Running, Settings, StartError,
    Subscriber, Task, Tasks, Wiring, WiringError,
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

    /// Returns the tasks that its subscribers run as.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Returns a handle for wiring. Until the start, published events are dropped and requests
    /// fail.
    #[must_use]
    pub fn bus(&self) -> Bus {
        Bus::new(Arc::clone(&self.shared), self.shared.open_entrance())
    }

    /// Returns a handle for code that must not hold up others, whatever it does: it may flood, stop
    /// polling its requests, or run on threads that others preempt. The handle has `places` credits of
    /// its own, which all its clones share, instead of those of the bus:
    ///
    /// - an event or an ordered request holds one until its whole chain has been handled, even if the
    ///   caller has stopped waiting;
    /// - a concurrent request holds one until it has ended, and runs as a task of the builder's `tasks`
    ///   under `name`;
    /// - a request to an isolated subscriber holds one while the caller waits;
    /// - an isolated subscriber emits through it only events named `name.…`: others belong to somebody else;
    /// - all of these, and the events that isolated subscribers emit through it, enter at most 1,000 times
    ///   a second on average and 64 at once; the others wait;
    /// - once the bus drains, or after [`Bus::close_bounded`], its events are dropped.
    #[must_use]
    pub fn bounded_bus(&self, name: &'static str, places: usize) -> Bus {
        let pool = self.shared.add_pool(places);
        let closed = self.shared.bounded_closed();
        let entrance = Entrance::bounded(pool, name, self.tasks.clone(), closed);
        Bus::new(Arc::clone(&self.shared), entrance)
    }

    /// Adds a subscriber whose queued items hold credits: it loses nothing, and while it is stuck
    /// publishers from outside wait.
    pub fn essential<S: Subscriber<Kind = Essential>>(&mut self, deps: S::Deps) -> &mut Self {
        let planned = self.plan::<S>(deps, true, self.shared.open_entrance());
        self.plans.push(Box::new(EssentialPlan {
            planned,
            state: None,
        }));
        self
    }

    /// Adds a subscriber with its own ring buffer: it delays nobody and learns how much it missed.
    /// It loads in the background, so missing storage does not prevent the start.
    pub fn isolated<S: Subscriber<Kind = Isolated>>(&mut self, deps: S::Deps) -> &mut Self {
        let (tasks, bus) = (self.tasks.clone(), self.bus());
        self.isolated_on::<S>(deps, &tasks, &bus)
    }

    /// Adds a subscriber as [`Self::isolated`] does, but runs it as a task of `tasks`, which may be on
    /// another runtime ([`Tasks::on`]), and takes the credits for the events it emits from `bus`, which
    /// may be a handle from [`Self::bounded_bus`]. On another runtime it rests for 5 ms after each turn, so
    /// that it disturbs whoever publishes at most 200 times a second.
    pub fn isolated_on<S: Subscriber<Kind = Isolated>>(
        &mut self,
        deps: S::Deps,
        tasks: &Tasks,
        bus: &Bus,
    ) -> &mut Self {
        let planned = self.plan::<S>(deps, false, bus.entrance().clone());
        let tasks = tasks.clone();
        self.plans.push(Box::new(IsolatedPlan { planned, tasks }));
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
        self.routing.reads::<R, A>(reader, at_once, None, answerer);
        self
    }

    /// Adds a concurrent answerer as [`Self::reads`] does, but runs its reads as tasks of `tasks`, which
    /// may be on another runtime ([`Tasks::on`]): one that blocks or loops keeps its permit and holds up
    /// no caller beyond the caller's time.
    pub fn reads_on<R: Request, A: Reads<R>>(
        &mut self,
        reader: &'static str,
        at_once: usize,
        answerer: Arc<A>,
        tasks: &Tasks,
    ) -> &mut Self {
        self.routing
            .reads::<R, A>(reader, at_once, Some(tasks), answerer);
        self
    }

    /// Declares that `R` will be asked: the start fails if nothing answers it.
    pub fn asks<R: Request>(&mut self) -> &mut Self {
        self.routing.asks::<R>();
        self
    }

    /// Declares that `E` will be published. Whoever publishes it declares it, so that the catalogue has it
    /// even if nobody subscribes: in a debug build, publishing an event that is neither declared nor
    /// subscribed to panics.
    pub fn states<E: Event>(&mut self) -> &mut Self {
        self.routing.states::<E>();
        self
    }

    /// Returns every event and request that has been added so far. [`Running::catalogue`] has all.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.routing.catalogue().clone()
    }

    /// Returns the first mistake so far, with which [`Self::start`] will fail, so that whoever adds parts of
    /// others can say whose it is. A request that nothing answers yet is none: its answerer may follow.
    #[must_use]
    pub fn mistake(&self) -> Option<&WiringError> {
        self.routing.mistake()
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
        let catalogue = routing.catalogue().clone();
        shared.wire(routing.checked()?);
        for plan in &mut plans {
            if let Err(error) = plan.load().await {
                shared.clear();
                return Err(error);
            }
        }
        let watch = OverrunWatch::new(Arc::clone(&shared), tasks.stopping().clone()).start();
        let tasks = plans.into_iter().map(|plan| plan.spawn(&tasks)).collect();
        Ok(Running::new(shared, catalogue, tasks, watch))
    }

    fn plan<S: Subscriber>(
        &mut self,
        deps: S::Deps,
        essential: bool,
        entrance: Entrance,
    ) -> Planned<S> {
        let wiring = Wiring::of();
        let (events, requests) = (wiring.events(), wiring.requests());
        let routing = &mut self.routing;
        let index = routing.subscriber(S::NAME, essential, events, requests);
        Planned {
            index,
            wiring: Arc::new(wiring),
            deps: Arc::new(deps),
            shared: Arc::clone(&self.shared),
            entrance,
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
    entrance: Entrance,
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
            self.entrance.clone(),
            self.index,
            Arc::clone(&self.wiring),
            rebuild,
            tasks.is_elsewhere(),
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
    tasks: Tasks,
}

impl<S: Subscriber> Plan for IsolatedPlan<S> {
    fn load(&mut self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(async { Ok(()) })
    }

    fn spawn(self: Box<Self>, _: &Tasks) -> Task {
        let Self { planned, tasks } = *self;
        let handle = tasks.clone();
        tasks.restarting(S::NAME, "subscriber", move || {
            let running = planned.actor(&handle).run(None);
            async {
                running.await;
                Ok(())
            }
        })
    }
}
