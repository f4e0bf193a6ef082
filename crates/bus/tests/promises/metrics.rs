//! The metrics that the operator sees.

use crate::detached::{Detached, Wait, WaitEvent};
use crate::scripted::{Act, ActEvent, ActRequest, Controls, Scripted};
use crate::world::{LONG, Notes, Pong, World, credits};
use bus::{Context, Handles, HandlesAsync, Isolated, LoadError, Settings, Subscriber, Wiring};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn metrics_show_what_waits_for_how_long_and_what_failed() {
    let controls = Controls::new();
    let settings = Settings {
        handler_limit: LONG,
        ..credits(16)
    };
    let world = World::new(settings, |builder| {
        builder
            .essential::<Scripted>(controls.clone())
            .isolated::<Bystander>(());
    })
    .await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    controls.wait_for_notes(1).await;
    tokio::time::advance(Duration::from_secs(3)).await;
    for act in [Act::Count, Act::Emit(1), Act::Panic, Act::Count] {
        bus.publish(ActEvent(act)).await;
    }
    tokio::time::advance(Duration::from_secs(4)).await;

    let metrics = bus.metrics();
    assert_eq!(
        (metrics.published, metrics.credits, metrics.credits_free),
        (5, 16, 12)
    );
    let [scripted, bystander] = &metrics.subscribers[..] else {
        panic!("two subscribers")
    };
    assert_eq!(
        (
            scripted.name,
            scripted.essential,
            scripted.depth,
            scripted.handled
        ),
        ("scripted", true, 4, 1)
    );
    assert_eq!(
        scripted.oldest,
        Duration::from_secs(7),
        "includes the one after which it is reloaded"
    );
    assert_eq!((bystander.name, bystander.essential), ("bystander", false));
    assert_eq!((bystander.depth, bystander.oldest), (0, Duration::ZERO));

    controls.open_gate(1);
    bus.quiet().await;
    let metrics = bus.metrics();
    let scripted = &metrics.subscribers[0];
    assert_eq!(
        (
            scripted.depth,
            scripted.handled,
            scripted.failed,
            scripted.missed
        ),
        (0, 5, 2, 0)
    );
    assert_eq!(scripted.oldest, Duration::ZERO);
    assert_eq!(metrics.published, 6);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn items_of_the_turn_and_of_the_queue_both_count() {
    let controls = Controls::new();
    let settings = Settings {
        handler_limit: LONG,
        ..credits(16)
    };
    let world = World::new(settings, |builder| {
        _ = builder.isolated::<Detached>(controls.clone());
    })
    .await;
    let bus = world.bus();
    controls.wait_for_notes(1).await;
    for _ in 0..6 {
        bus.publish(WaitEvent(Wait::Block)).await;
    }
    let asked = world.asks(ActRequest(Act::Count), LONG);
    controls.wait_for_notes(2).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    controls.open_gate(1);
    controls.wait_for_notes(3).await;
    // Of a turn of four, one is being handled and two follow it; two events and a request are
    // queued.
    assert_eq!(bus.metrics().subscribers[0].depth, 5);
    assert_eq!(bus.metrics().subscribers[0].oldest, Duration::from_secs(1));
    controls.open_gate(5);
    assert_eq!(asked.await, Ok(1));
    world.end().await;
}

/// An isolated subscriber that handles pongs.
struct Bystander;

impl Subscriber for Bystander {
    const NAME: &'static str = "bystander";
    type Kind = Isolated;
    type Deps = ();
    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Pong>();
    }
}

impl Handles<Pong> for Bystander {
    fn handle(&mut self, _: &Arc<Pong>, _: &mut Context) {}
}

/// Takes five seconds for each event, and notes the event's age.
struct Slow(Notes);

impl Subscriber for Slow {
    const NAME: &'static str = "slow";
    type Kind = Isolated;
    type Deps = Notes;

    async fn load(notes: &Notes) -> Result<Self, LoadError> {
        Ok(Self(notes.clone()))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on_async::<ActEvent>();
    }

    fn turn_ended(&mut self, ctx: &mut Context) {
        self.0.add(format!("{:?}", ctx.stated_at()));
    }
}

impl HandlesAsync<ActEvent> for Slow {
    async fn handle(&mut self, _: &Arc<ActEvent>, ctx: &mut Context) -> anyhow::Result<()> {
        let age = ctx.stated_at().map(|stated| stated.elapsed().as_secs());
        self.0.add(format!("{age:?}"));
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_knows_when_its_event_was_published() {
    let notes = Notes::default();
    let settings = Settings {
        handler_limit: LONG,
        ..credits(2)
    };
    let world = World::new(settings, |builder| {
        builder.isolated::<Slow>(notes.clone());
    })
    .await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Count)).await;
    bus.publish(ActEvent(Act::Count)).await;
    assert_eq!(notes.wait_for(3).await, ["Some(0)", "Some(5)", "None"]);
    assert_eq!(bus.metrics().subscribers[0].slowest.as_secs(), 5);
    world.end().await;
}
