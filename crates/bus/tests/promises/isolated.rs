//! Isolated subscribers delay nobody, and learn what they missed.

use crate::detached::{Detached, Wait, WaitEvent};
use crate::scripted::{Act, ActEvent, ActRequest, Controls, Listener, away, broken};
use crate::world::{LONG, Notes, World, credits};
use bus::{AskError, Settings};
use std::time::Duration;
use tokio::time::Instant;

const RING: usize = 4;

async fn world(controls: &Controls) -> World {
    let settings = Settings {
        handler_limit: LONG,
        ring: RING,
        ..credits(1)
    };
    World::new(settings, |builder| {
        _ = builder.isolated::<Detached>(controls.clone());
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn one_that_never_reads_delays_nobody_and_learns_how_much_it_missed() {
    let controls = Controls::new();
    let world = world(&controls).await;
    let bus = world.bus();
    controls.wait_for_notes(1).await;
    bus.publish(WaitEvent(Wait::Block)).await;
    controls.wait_for_notes(2).await;
    for _ in 0..100 {
        bus.publish(ActEvent(Act::Count)).await;
    }
    bus.quiet().await;
    let metrics = bus.metrics();
    assert_eq!(metrics.credits_free, 1);
    assert_eq!(
        (metrics.subscribers[0].missed, metrics.subscribers[0].depth),
        (96, RING)
    );

    controls.open_gate(1);
    let notes = controls.wait_for_notes(3 + RING).await;
    assert_eq!(
        notes,
        [
            "Everything",
            "Block",
            "Events(96)",
            "Count",
            "Count",
            "Count",
            "Count"
        ]
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn it_reads_everything_at_first_and_after_a_panic() {
    let controls = Controls::new();
    let world = world(&controls).await;
    controls.wait_for_notes(1).await;
    world.bus().publish(ActEvent(Act::Panic)).await;
    world.bus().publish(ActEvent(Act::Count)).await;
    let notes = controls.wait_for_notes(4).await;
    assert_eq!(notes, ["Everything", "Panic", "Everything", "Count"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_catch_up_tries_again() {
    let controls = Controls::new();
    controls.fail_next_missed();
    let world = world(&controls).await;
    world.bus().publish(ActEvent(Act::Count)).await;
    assert_eq!(
        controls.wait_for_notes(3).await,
        ["Everything", "Everything", "Count"]
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_loaded_prevents_neither_start_nor_work() {
    let controls = Controls::new();
    controls.fail_next_loads([broken(), broken(), broken(), broken(), away()]);
    let world = world(&controls).await;
    world.bus().publish(ActEvent(Act::Count)).await;
    assert_eq!(controls.wait_for_notes(2).await, ["Everything", "Count"]);
    assert_eq!(controls.loads(), 6);
    assert!(!world.tasks.stopping().is_cancelled());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_it_publishes_takes_its_own_credit() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = World::new(credits(1), |builder| {
        builder
            .isolated::<Detached>(controls.clone())
            .essential::<Listener>(notes.clone());
    })
    .await;
    controls.wait_for_notes(1).await;
    for n in 0..20 {
        world.bus().publish(ActEvent(Act::Emit(n))).await;
    }
    assert_eq!(notes.wait_for(20).await.last().expect("twenty"), "pong 19");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn its_requests_take_no_credit_and_its_ring_bounds_them() {
    let controls = Controls::new();
    let world = world(&controls).await;
    let bus = world.bus();
    controls.wait_for_notes(1).await;
    bus.publish(WaitEvent(Wait::Block)).await;
    controls.wait_for_notes(2).await;
    let asked: Vec<_> = (0..RING)
        .map(|_| world.asks(ActRequest(Act::Count), LONG))
        .collect();
    tokio::task::yield_now().await;
    let refused = bus
        .ask(ActRequest(Act::Count), Duration::from_secs(1))
        .await;
    assert_eq!(refused, Err(AskError::Overloaded));
    assert_eq!(bus.metrics().credits_free, 1);
    controls.open_gate(1);
    for (nth, answer) in (1..).zip(asked) {
        assert_eq!(answer.await, Ok(nth));
    }
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_without_storage_does_not_delay_a_stop() {
    let controls = Controls::new();
    controls.fail_next_loads((0..100).map(|_| away()));
    let world = world(&controls).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let stopped_at = Instant::now();
    world.end().await;
    assert_eq!(stopped_at.elapsed(), Duration::ZERO);
}
