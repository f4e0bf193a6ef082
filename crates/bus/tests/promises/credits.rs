//! Nothing lost, everything bounded, no deadlock.

use crate::scripted::{Act, ActEvent, ActRequest, Controls, Listener, Scripted};
use crate::world::{LONG, Notes, Ping, Pong, World, credits};
use bus::{AskError, Context, Essential, Event, Handles, LoadError, Subscriber, Wiring};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// A level of a tree of reactions: each event causes two of the next level.
struct Level(u8);

impl Event for Level {
    const NAME: &'static str = "test.level";
}

const DEPTH: u8 = 4;
/// 1 + 2 + 4 + 8 + 16.
const TREE: u64 = 31;

struct Grower(Arc<AtomicU64>);

impl Subscriber for Grower {
    const NAME: &'static str = "grower";
    type Kind = Essential;
    type Deps = Arc<AtomicU64>;
    async fn load(handled: &Arc<AtomicU64>) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(handled)))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Level>();
    }
}

impl Handles<Level> for Grower {
    fn handle(&mut self, event: &Arc<Level>, ctx: &mut Context) {
        self.0.fetch_add(1, SeqCst);
        if event.0 < DEPTH {
            ctx.emit(Level(event.0 + 1));
            ctx.emit(Level(event.0 + 1));
        }
    }
}

async fn grows_whole_trees(credits_max: usize) {
    const PUBLISHERS: u64 = 3;
    const EACH: u64 = 100;
    let handled = Arc::new(AtomicU64::new(0));
    let world = World::new(credits(credits_max), |builder| {
        builder.essential::<Grower>(Arc::clone(&handled));
    })
    .await;
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|_| {
            let bus = world.bus();
            world.tasks.once("test", "publisher", async move {
                for _ in 0..EACH {
                    bus.publish(Level(0)).await;
                }
            })
        })
        .collect();
    for publisher in publishers {
        publisher.ended().await;
    }
    world.bus().quiet().await;
    assert_eq!(handled.load(SeqCst), PUBLISHERS * EACH * TREE);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_credit_is_enough_while_handlers_publish() {
    grows_whole_trees(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_credits_are_enough_while_handlers_publish() {
    grows_whole_trees(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_credits_are_enough_while_handlers_publish() {
    grows_whole_trees(64).await;
}

#[tokio::test(start_paused = true)]
async fn a_stuck_subscriber_makes_publishers_wait_and_has_a_bounded_queue() {
    let controls = Controls::new();
    let limits = bus::Settings {
        handler_limit: LONG,
        ..credits(3)
    };
    let world = World::new(limits, |builder| {
        _ = builder.essential::<Scripted>(controls.clone());
    })
    .await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    controls.wait_for_notes(1).await;
    for _ in 0..3 {
        bus.publish(ActEvent(Act::Count)).await;
    }
    let fourth = tokio::time::timeout(Duration::from_secs(60), bus.publish(ActEvent(Act::Count)));
    assert!(
        fourth.await.is_err(),
        "a fourth event entered on three credits"
    );
    let refused = bus
        .ask(ActRequest(Act::Count), Duration::from_secs(1))
        .await;
    assert_eq!(refused, Err(AskError::Overloaded));
    assert_eq!(bus.metrics().credits_free, 0);

    controls.open_gate(1);
    bus.publish(ActEvent(Act::Count)).await;
    bus.quiet().await;
    assert_eq!(
        controls.notes(),
        ["Stall", "Count", "Count", "Count", "Count"]
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_credit_stays_out_until_the_last_reaction_has_been_handled() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let limits = bus::Settings {
        handler_limit: LONG,
        ..credits(1)
    };
    let world = World::new(limits, |builder| {
        builder
            .essential::<Scripted>(controls.clone())
            .essential::<Listener>(notes.clone())
            .states::<Ping>();
    })
    .await;
    let bus = world.bus();
    let asked = world.asks(ActRequest(Act::Keep), LONG);
    let reply = controls.kept().await;
    assert_eq!(bus.metrics().credits_free, 0, "a reply holds its credit");
    let origin = reply.origin().clone();
    reply.answer(1);
    assert_eq!(asked.await, Ok(1));
    assert_eq!(bus.metrics().credits_free, 0, "an origin holds its credit");
    bus.publish_from(&origin, Ping(1));
    drop(origin);
    bus.quiet().await;
    assert_eq!(bus.metrics().credits_free, 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn after_entering_events_are_published_without_waiting() {
    let notes = Notes::default();
    let world = World::new(credits(1), |builder| {
        builder.essential::<Listener>(notes.clone());
    })
    .await;
    let bus = world.bus();
    let origin = bus.enter().await;
    let second = tokio::time::timeout(Duration::from_secs(60), bus.enter());
    assert!(second.await.is_err(), "two entered on one credit");
    for n in 0..3 {
        bus.publish_from(&origin, Pong(n));
    }
    drop(origin);
    bus.quiet().await;
    assert_eq!(notes.all(), ["pong 0", "pong 1", "pong 2"]);
    world.end().await;
}

/// Reacts to each ping with another one, for ever.
struct Looper(Arc<AtomicU64>);

impl Subscriber for Looper {
    const NAME: &'static str = "looper";
    type Kind = Essential;
    type Deps = Arc<AtomicU64>;
    async fn load(handled: &Arc<AtomicU64>) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(handled)))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>();
    }
}

impl Handles<Ping> for Looper {
    fn handle(&mut self, event: &Arc<Ping>, ctx: &mut Context) {
        self.0.fetch_add(1, SeqCst);
        ctx.emit(Ping(event.0 + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_of_reactions_ends_after_sixteen_hops() {
    let handled = Arc::new(AtomicU64::new(0));
    let world = World::new(credits(1), |builder| {
        builder.essential::<Looper>(Arc::clone(&handled));
    })
    .await;
    world.bus().publish(Ping(0)).await;
    world.bus().quiet().await;
    assert_eq!(
        handled.load(SeqCst),
        17,
        "the event from outside and sixteen reactions"
    );
    world.end().await;
}
