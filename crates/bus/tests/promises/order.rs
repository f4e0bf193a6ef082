//! One order for all types, and reactions after their causes.

use crate::world::{Ping, Pong, World};
use bus::{Context, Essential, Handles, LoadError, Settings, Subscriber, Wiring};
use std::sync::{Arc, Mutex};

type Seen = Arc<Mutex<Vec<(&'static str, u64)>>>;

/// Records what it sees. `N` gives each its own name.
struct Watcher<const N: usize>(Seen);

impl<const N: usize> Subscriber for Watcher<N> {
    const NAME: &'static str = ["watcher-0", "watcher-1", "watcher-2"][N];
    type Kind = Essential;
    type Deps = Seen;
    async fn load(deps: &Seen) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(deps)))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>().on::<Pong>();
    }
}

impl<const N: usize> Handles<Ping> for Watcher<N> {
    fn handle(&mut self, event: &Arc<Ping>, _: &mut Context) {
        self.0
            .lock()
            .expect("no test panics here")
            .push(("ping", event.0));
        // Makes the watchers progress at different speeds.
        if event.0 % 7 == N as u64 {
            std::thread::yield_now();
        }
    }
}

impl<const N: usize> Handles<Pong> for Watcher<N> {
    fn handle(&mut self, event: &Arc<Pong>, _: &mut Context) {
        self.0
            .lock()
            .expect("no test panics here")
            .push(("pong", event.0));
    }
}

/// Answers each ping with a pong.
struct Reactor;

impl Subscriber for Reactor {
    const NAME: &'static str = "reactor";
    type Kind = Essential;
    type Deps = ();
    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>();
    }
}

impl Handles<Ping> for Reactor {
    fn handle(&mut self, event: &Arc<Ping>, ctx: &mut Context) {
        ctx.emit(Pong(event.0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_see_all_types_in_one_order_and_reactions_after_their_causes() {
    const PUBLISHERS: u64 = 4;
    const EACH: u64 = 2_000;
    let seen: [Seen; 3] = Default::default();
    let world = World::new(Settings::default(), |builder| {
        builder
            .essential::<Watcher<0>>(Arc::clone(&seen[0]))
            .essential::<Reactor>(())
            .essential::<Watcher<1>>(Arc::clone(&seen[1]))
            .essential::<Watcher<2>>(Arc::clone(&seen[2]));
    })
    .await;
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let bus = world.bus();
            world.tasks.once("test", "publisher", async move {
                for n in 0..EACH {
                    bus.publish(Ping(publisher * EACH + n)).await;
                }
            })
        })
        .collect();
    for publisher in publishers {
        publisher.ended().await;
    }
    world.bus().quiet().await;

    let first = seen[0].lock().unwrap().clone();
    assert_eq!(first.len() as u64, 2 * PUBLISHERS * EACH);
    assert_eq!(first, *seen[1].lock().unwrap());
    assert_eq!(first, *seen[2].lock().unwrap());
    let mut pinged = std::collections::HashSet::new();
    for (kind, n) in first {
        match kind {
            "ping" => assert!(pinged.insert(n), "{n} was delivered twice"),
            _ => assert!(pinged.contains(&n), "the reaction to {n} came before it"),
        }
    }
    world.end().await;
}
