//! Whatever runs on another runtime and enters by a handle of its own cannot hold up anybody else, even
//! if it never returns, floods, or stops polling what it asked.

use crate::scripted::{Act, ActEvent, ActRequest, Controls, Listener, Scripted};
use crate::world::{Double, LONG, Notes, Ping, Pong, World, credits};
use bus::{
    Answers, AskError, Context, Event, Handles, Isolated, LoadError, Reads, Reply, Request,
    Settings, Subscriber, Tasks, TraceId, Wiring,
};
use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Waker};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder as RuntimeBuilder, Runtime};

const LIMIT: Duration = Duration::from_millis(20);
/// Longer than the bus would let an essential subscriber be stuck.
const STUCK: Duration = Duration::from_secs(2);
const SECOND: Duration = Duration::from_secs(1);
/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Another runtime, with one thread. Ends without waiting for what blocks it.
struct Elsewhere(Option<Runtime>);

impl Elsewhere {
    fn new() -> Self {
        let mut runtime = RuntimeBuilder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        Self(Some(runtime.expect("a runtime")))
    }

    fn tasks(&self, tasks: &Tasks) -> Tasks {
        let runtime = self.0.as_ref().expect("not dropped");
        tasks.on(runtime.handle().clone())
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Blocks a thread until the test drops the sender.
type Gate = Arc<Mutex<Receiver<()>>>;

fn gate() -> (Sender<()>, Gate) {
    let (release, gate) = channel();
    (release, Arc::new(Mutex::new(gate)))
}

fn pass(gate: &Gate) {
    // Fails when the test drops the sender, which opens the gate for good.
    let _ = gate.lock().expect("no test panics here").recv();
}

/// An isolated subscriber that notes where it runs, and blocks its thread at each [`Ping`].
struct Stubborn {
    gate: Gate,
    seen: Notes,
}

impl Subscriber for Stubborn {
    const NAME: &'static str = "stubborn";
    type Kind = Isolated;
    type Deps = (Gate, Notes);

    async fn load((gate, seen): &(Gate, Notes)) -> Result<Self, LoadError> {
        seen.add(thread());
        Ok(Self {
            gate: Arc::clone(gate),
            seen: seen.clone(),
        })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>().on::<ActEvent>().answers::<Alive>();
    }
}

impl Handles<Ping> for Stubborn {
    fn handle(&mut self, _: &Arc<Ping>, _: &mut Context) {
        self.seen.add("blocked");
        pass(&self.gate);
    }
}

impl Handles<ActEvent> for Stubborn {
    fn handle(&mut self, event: &Arc<ActEvent>, ctx: &mut Context) {
        if let Act::Emit(n) = event.0 {
            ctx.emit(Pong(n));
        }
        self.seen.add(thread());
    }
}

impl Answers<Alive> for Stubborn {
    fn answer(&mut self, _: Alive, reply: Reply<()>, _: &mut Context) {
        reply.answer(());
    }
}

/// A request that [`Stubborn`] answers unless it is blocked.
struct Alive;

impl Request for Alive {
    const NAME: &'static str = "test.alive";
    type Answer = ();
}

fn thread() -> String {
    format!("{:?}", std::thread::current().id())
}

/// Answers at once, and knows the thread.
struct Where(Mutex<Vec<ThreadId>>, Gate);

impl Reads<Double> for Where {
    async fn read(&self, request: Double, _: TraceId) -> Result<u64, AskError> {
        let here = std::thread::current().id();
        self.0.lock().expect("no test panics here").push(here);
        if request.0 == 0 {
            pass(&self.1);
        }
        Ok(request.0 * 2)
    }
}

/// A bus with a [`Stubborn`] on another runtime, and a listener to pongs.
async fn with_stubborn(elsewhere: &Elsewhere, settings: Settings) -> (World, Sender<()>, Notes) {
    let (release, gate) = gate();
    let seen = Notes::default();
    let world = World::new(settings, |builder| {
        let bus = builder.bus();
        let tasks = elsewhere.tasks(builder.tasks());
        builder.isolated_on::<Stubborn>((gate, seen.clone()), &tasks, &bus);
        builder.essential::<Listener>(Notes::default());
    })
    .await;
    (world, release, seen)
}

fn quick() -> Settings {
    Settings {
        handler_limit: LIMIT,
        ..credits(4)
    }
}

#[tokio::test]
async fn a_subscriber_runs_on_the_runtime_of_its_tasks() {
    let elsewhere = Elsewhere::new();
    let (world, release, seen) = with_stubborn(&elsewhere, quick()).await;
    let bus = world.bus();
    seen.wait_for(1).await;
    bus.publish(ActEvent(Act::Emit(1))).await;
    let threads = seen.wait_for(2).await;
    assert_ne!(threads[0], thread());
    assert_eq!(threads[0], threads[1]);
    assert_eq!(bus.ask(Alive, PATIENCE).await, Ok(()));
    let names: Vec<_> = world.tasks.list().iter().map(|task| task.owner).collect();
    assert_eq!(names, ["stubborn", "listener"], "one list has all");
    drop(release);
    world.end().await;
}

#[tokio::test]
async fn one_that_never_returns_stops_neither_the_server_nor_a_publisher() {
    let elsewhere = Elsewhere::new();
    let (world, release, seen) = with_stubborn(&elsewhere, quick()).await;
    let bus = world.bus();
    bus.publish(Ping(1)).await;
    seen.wait_for(2).await;
    let began = Instant::now();
    while began.elapsed() < STUCK {
        bus.publish(Pong(1)).await;
        bus.publish(Ping(2)).await;
        tokio::time::sleep(LIMIT).await;
    }
    bus.quiet().await;
    assert!(!world.tasks.stopping().is_cancelled());
    assert_eq!(bus.ask(Alive, LIMIT).await, Err(AskError::Overloaded));
    drop(release);
    world.end().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_blocked_runtime() {
    let elsewhere = Elsewhere::new();
    let (world, release, seen) = with_stubborn(&elsewhere, quick()).await;
    world.bus().publish(Ping(1)).await;
    seen.wait_for(2).await;
    let World { tasks, running } = world;
    let began = Instant::now();
    assert_eq!(running.stop(SECOND).await, 1);
    assert_eq!(tasks.stop(SECOND).await, ["stubborn: subscriber"]);
    assert!(began.elapsed() < 4 * SECOND, "{:?}", began.elapsed());
    drop(release);
    assert!(tasks.stop(PATIENCE).await.is_empty(), "it ends after all");
}

#[tokio::test]
async fn one_that_is_stuck_keeps_no_other_from_being_cancelled() {
    let elsewhere = Elsewhere::new();
    let (release, gate) = gate();
    let (seen, controls) = (Notes::default(), Controls::new());
    let world = World::new(credits(4), |builder| {
        let bus = builder.bus();
        let tasks = elsewhere.tasks(builder.tasks());
        builder.isolated_on::<Stubborn>((gate, seen.clone()), &tasks, &bus);
        builder.essential::<Scripted>(controls.clone());
    })
    .await;
    let bus = world.bus();
    bus.publish(Ping(1)).await;
    bus.publish(ActEvent(Act::Stall)).await;
    controls.wait_for_notes(1).await;
    let World { tasks, running } = world;
    assert_eq!(running.stop(SECOND).await, 2);
    let left: Vec<_> = tasks.list().iter().map(|task| task.owner).collect();
    assert!(!left.contains(&"scripted"), "{left:?}");
    drop(release);
    assert!(tasks.stop(PATIENCE).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn places_are_not_those_of_others() {
    let controls = Controls::new();
    let mut bounded = None;
    let world = World::new(credits(2), |builder| {
        bounded = Some(builder.bounded_bus("karma", 2));
        builder.essential::<Scripted>(controls.clone());
    })
    .await;
    let (bus, bounded) = (world.bus(), bounded.expect("just made"));
    let mut kept = Vec::new();
    for _ in 0..2 {
        // The caller stops waiting at once; the request is queued, and keeps its place.
        poll_once(bounded.ask(ActRequest(Act::Keep), LONG));
        kept.push(controls.kept().await);
    }
    let third = bounded.ask(ActRequest(Act::Keep), SECOND).await;
    assert_eq!(third, Err(AskError::Overloaded));
    let full = tokio::time::timeout(SECOND, bounded.publish(ActEvent(Act::Count)));
    assert!(full.await.is_err(), "an event needs a place, too");
    assert_eq!(
        (bounded.metrics().credits_free, bounded.metrics().credits),
        (0, 2)
    );
    assert_eq!((bus.metrics().credits_free, bus.metrics().credits), (2, 2));
    assert_eq!(bus.ask(ActRequest(Act::Count), SECOND).await, Ok(3));
    let quiet = tokio::time::timeout(SECOND, bus.quiet());
    assert!(quiet.await.is_err(), "replies are owed");
    for reply in kept {
        reply.answer(0);
    }
    bus.quiet().await;
    assert_eq!(bounded.metrics().credits_free, 2);
    assert_eq!(bounded.ask(ActRequest(Act::Count), SECOND).await, Ok(4));
    world.end().await;
}

/// Polls a future once and drops it.
fn poll_once(future: impl Future) {
    let mut context = TaskContext::from_waker(Waker::noop());
    assert!(pin!(future).poll(&mut context).is_pending());
}

#[tokio::test]
async fn a_read_of_one_who_stops_polling_gives_its_permit_back() {
    let (_release, gate) = gate();
    let library = Arc::new(Where(Mutex::default(), gate));
    let mut bounded = None;
    let world = World::new(credits(1), |builder| {
        bounded = Some(builder.bounded_bus("karma", 8));
        builder.reads::<Double, _>("library", 1, library);
    })
    .await;
    let (bus, bounded) = (world.bus(), bounded.expect("just made"));
    let mut asked = Box::pin(bounded.ask(Double(2), LONG));
    let mut context = TaskContext::from_waker(Waker::noop());
    assert!(asked.as_mut().poll(&mut context).is_pending());
    for n in 1..4 {
        assert_eq!(bus.ask(Double(n), PATIENCE).await, Ok(2 * n), "one permit");
    }
    bus.quiet().await;
    assert_eq!(
        bounded.metrics().credits_free,
        8,
        "the place is back as well"
    );
    assert_eq!(asked.await, Ok(4), "and the answer is there");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_read_holds_a_place_until_it_ends_and_is_cancelled_with_its_caller() {
    struct Never;
    impl Reads<Double> for Never {
        async fn read(&self, _: Double, _: TraceId) -> Result<u64, AskError> {
            std::future::pending().await
        }
    }
    let mut bounded = None;
    let world = World::new(credits(1), |builder| {
        bounded = Some(builder.bounded_bus("karma", 1));
        builder.reads::<Double, _>("library", 8, Arc::new(Never));
    })
    .await;
    let bounded = bounded.expect("just made");
    let mut reading = Box::pin(bounded.ask(Double(1), LONG));
    assert!(tokio::time::timeout(SECOND, &mut reading).await.is_err());
    let names: Vec<_> = world
        .tasks
        .list()
        .iter()
        .map(|task| task.name.to_string())
        .collect();
    assert_eq!(names, ["test.double"]);
    let second = bounded.ask(Double(1), SECOND).await;
    assert_eq!(second, Err(AskError::Overloaded));
    drop(reading);
    world.bus().quiet().await;
    assert!(world.tasks.list().is_empty());
    let retry_after = SECOND;
    assert_eq!(
        bounded.ask(Double(1), SECOND).await,
        Err(AskError::Unavailable { retry_after })
    );
    world.end().await;
}

#[tokio::test]
async fn an_answer_on_another_runtime_holds_up_nobody_beyond_their_time() {
    let elsewhere = Elsewhere::new();
    let (release, gate) = gate();
    let library = Arc::new(Where(Mutex::default(), gate));
    let threads = Arc::clone(&library);
    let world = World::new(credits(1), |builder| {
        let tasks = elsewhere.tasks(builder.tasks());
        builder.reads_on::<Double, _>("library", 1, library, &tasks);
    })
    .await;
    let bus = world.bus();
    assert_eq!(bus.ask(Double(1), PATIENCE).await, Ok(2));
    let here = std::thread::current().id();
    assert!(
        !threads
            .0
            .lock()
            .expect("no test panics here")
            .contains(&here)
    );
    let unavailable = AskError::Unavailable {
        retry_after: SECOND,
    };
    assert_eq!(bus.ask(Double(0), 5 * LIMIT).await, Err(unavailable));
    for _ in 0..3 {
        let asked = bus.ask(Double(1), LIMIT).await;
        assert_eq!(asked, Err(AskError::Overloaded), "it keeps its permit");
    }
    assert_eq!(world.tasks.list().len(), 1, "and no others pile up");
    drop(release);
    assert_eq!(bus.ask(Double(1), PATIENCE).await, Ok(2));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_isolated_answerer_is_asked_on_a_place_and_gets_no_credit() {
    let controls = Controls::new();
    let mut bounded = None;
    let world = World::new(credits(1), |builder| {
        bounded = Some(builder.bounded_bus("karma", 1));
        builder.isolated::<crate::detached::Detached>(controls.clone());
    })
    .await;
    let bounded = bounded.expect("just made");
    let mut asked = Box::pin(bounded.ask(ActRequest(Act::Keep), LONG));
    assert!(tokio::time::timeout(SECOND, &mut asked).await.is_err());
    assert_eq!(bounded.metrics().credits_free, 0);
    drop(asked);
    assert_eq!(
        bounded.metrics().credits_free,
        1,
        "whoever does not wait blocks none of its own"
    );
    assert_eq!(world.bus().metrics().credits_free, 1);
    drop(controls.kept().await);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_isolated_subscriber_emits_takes_a_place() {
    let (controls, pongs) = (Controls::new(), Notes::default());
    let mut bounded = None;
    let world = World::new(credits(1), |builder| {
        let bus = builder.bounded_bus("test", 1);
        let tasks = builder.tasks().clone();
        builder.isolated_on::<crate::detached::Detached>(controls.clone(), &tasks, &bus);
        builder.essential::<Listener>(pongs.clone());
        bounded = Some(bus);
    })
    .await;
    let (bus, bounded) = (world.bus(), bounded.expect("just made"));
    let held = bounded.enter().await;
    bus.publish(ActEvent(Act::Emit(1))).await;
    controls.wait_for_notes(2).await;
    tokio::time::sleep(SECOND).await;
    assert!(pongs.all().is_empty(), "it waits for a place");
    assert_eq!(bus.metrics().credits_free, 1, "and takes no credit");
    drop(held);
    assert_eq!(pongs.wait_for(1).await, ["pong 1"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_through_a_bounded_handle_enters_at_a_thousand_a_second() {
    let (controls, pongs) = (Controls::new(), Notes::default());
    let mut bounded = None;
    let world = World::new(credits(1), |builder| {
        let bus = builder.bounded_bus("test", 16);
        let tasks = builder.tasks().clone();
        builder.isolated_on::<crate::detached::Detached>(controls.clone(), &tasks, &bus);
        builder.essential::<Listener>(pongs.clone());
        bounded = Some(bus);
    })
    .await;
    let (bus, bounded) = (world.bus(), bounded.expect("just made"));
    let flooded_from = tokio::time::Instant::now();
    for n in 0..1_064 {
        bounded.publish(Pong(n)).await;
    }
    assert_eq!(flooded_from.elapsed(), SECOND);
    let refused = tokio::time::timeout(Duration::ZERO, bounded.publish(Pong(0)));
    assert!(refused.await.is_err(), "it is not its turn");
    let asked_from = tokio::time::Instant::now();
    for _ in 0..10 {
        let asked = bounded.ask(ActRequest(Act::Count), SECOND).await;
        assert!(asked.is_ok(), "{asked:?}");
    }
    assert!(asked_from.elapsed() >= SECOND / 100, "{asked_from:?}");
    let told_from = tokio::time::Instant::now();
    for n in 0..10 {
        bus.publish(ActEvent(Act::Emit(n))).await;
    }
    pongs.wait_for(1_074).await;
    assert!(told_from.elapsed() >= SECOND / 100, "{told_from:?}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn once_the_bus_drains_a_bounded_handle_publishes_nothing() {
    let pongs = Notes::default();
    let mut bounded = None;
    let world = World::new(credits(1), |builder| {
        bounded = Some(builder.bounded_bus("karma", 1));
        builder.essential::<Listener>(pongs.clone());
    })
    .await;
    let (bus, bounded) = (world.bus(), bounded.expect("just made"));
    bounded.publish(Pong(1)).await;
    bus.drain();
    bounded.publish(Pong(2)).await;
    bus.publish(Pong(3)).await;
    bus.quiet().await;
    assert_eq!(pongs.all(), ["pong 1", "pong 3"]);
    assert_eq!(
        bounded.ask(Double(1), SECOND).await,
        Err(AskError::Draining)
    );
    world.end().await;
}

/// An event that nobody subscribes to.
struct Unknown;

impl Event for Unknown {
    const NAME: &'static str = "test.unknown";
}

#[tokio::test]
#[cfg_attr(not(debug_assertions), ignore = "only debug builds check")]
#[should_panic(expected = "test.unknown is published")]
async fn in_a_debug_build_an_unknown_event_panics() {
    let world = World::new(credits(1), |_| {}).await;
    world.bus().publish(Unknown).await;
}

#[tokio::test(start_paused = true)]
async fn after_its_handles_are_closed_a_flood_does_not_keep_the_bus_from_becoming_quiet() {
    let pongs = Notes::default();
    let mut bounded = None;
    let world = World::new(credits(1), |builder| {
        bounded = Some(builder.bounded_bus("karma", 4));
        builder.essential::<Listener>(pongs.clone());
    })
    .await;
    let (bus, bounded) = (world.bus(), bounded.expect("just made"));
    let flooding = async {
        loop {
            let origin = bounded.enter().await;
            bounded.publish(Pong(1)).await;
            let asked = bounded.ask(Double(1), SECOND).await;
            if asked == Err(AskError::Draining) {
                tokio::task::yield_now().await;
            }
            drop(origin);
        }
    };
    let closing = async {
        tokio::time::sleep(SECOND).await;
        let before = pongs.all().len();
        bus.close_bounded();
        bus.quiet().await;
        (before, pongs.all().len())
    };
    let (before, after) = tokio::select! {
        () = flooding => unreachable!("it never ends"),
        counts = closing => counts,
    };
    assert!(before > 100, "it floods: {before}");
    assert!(
        after - before <= 4,
        "nothing more enters: {before}, {after}"
    );
    bus.publish(Pong(2)).await;
    assert!(
        pongs.wait_for(after + 1).await.len() > after,
        "others enter"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_confined_subscriber_cannot_emit_what_belongs_to_others() {
    let (controls, pongs) = (Controls::new(), Notes::default());
    let world = World::new(credits(1), |builder| {
        let bus = builder.bounded_bus("karma", 1);
        let tasks = builder.tasks().clone();
        builder.isolated_on::<crate::detached::Detached>(controls.clone(), &tasks, &bus);
        builder.essential::<Listener>(pongs.clone());
    })
    .await;
    world.bus().publish(ActEvent(Act::Emit(1))).await;
    controls.wait_for_notes(2).await;
    tokio::time::sleep(SECOND).await;
    assert!(pongs.all().is_empty(), "{:?}", pongs.all());
    world.bus().publish(Pong(2)).await;
    assert_eq!(pongs.wait_for(1).await, ["pong 2"], "others state it");
    world.end().await;
}
