//! A handler that does not return is seen while it runs.

use crate::world::{Ping, World, credits};
use bus::{Context, Essential, Handles, LoadError, Settings, Subscriber, Wiring};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_millis(20);
/// Longer than the bus lets an essential subscriber be stuck.
const STUCK_MAX: Duration = Duration::from_secs(30);

/// Blocks its thread at each ping until the test releases it.
struct Blocking(Gate);

type Gate = Arc<Mutex<Receiver<()>>>;

impl Subscriber for Blocking {
    const NAME: &'static str = "blocking";
    type Kind = Essential;
    type Deps = Gate;
    async fn load(gate: &Gate) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(gate)))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>();
    }
}

impl Handles<Ping> for Blocking {
    fn handle(&mut self, _: &Arc<Ping>, _: &mut Context) {
        let gate = self.0.lock().expect("no test panics here");
        gate.recv().expect("the test holds the sender");
    }
}

async fn world() -> (World, Sender<()>) {
    let (release, gate) = channel();
    let settings = Settings {
        handler_limit: LIMIT,
        ..credits(4)
    };
    let gate = Arc::new(Mutex::new(gate));
    let world = World::new(settings, |builder| {
        _ = builder.essential::<Blocking>(gate);
    });
    (world.await, release)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_slowest_call_of_a_plain_handler_is_measured() {
    let (world, release) = world().await;
    let bus = world.bus();
    bus.publish(Ping(1)).await;
    tokio::time::sleep(LIMIT).await;
    assert!(bus.metrics().subscribers[0].oldest >= LIMIT / 2);
    release.send(()).unwrap();
    bus.quiet().await;
    assert!(bus.metrics().subscribers[0].slowest >= LIMIT / 2);
    assert!(!world.tasks.stopping().is_cancelled());
    world.end().await;
}

/// With one thread, since nothing else of the runtime runs then: neither tasks nor timers.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_essential_subscriber_whose_handler_is_stuck_stops_the_server() {
    let (world, release) = world().await;
    world.bus().publish(Ping(1)).await;
    let began = Instant::now();
    while !world.tasks.stopping().is_cancelled() {
        assert!(began.elapsed() < STUCK_MAX, "the server does not stop");
        std::thread::sleep(LIMIT);
    }
    release.send(()).unwrap();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_short_calls_are_no_overrun() {
    let (world, release) = world().await;
    let bus = world.bus();
    // Together they take longer than one of them may.
    for n in 0..100 {
        bus.publish(Ping(n)).await;
        tokio::time::sleep(LIMIT / 2).await;
        release.send(()).unwrap();
    }
    bus.quiet().await;
    assert!(!world.tasks.stopping().is_cancelled());
    world.end().await;
}
