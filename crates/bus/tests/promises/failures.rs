//! A handler that fails, panics or times out publishes nothing, and its caller learns at once.

use crate::detached::{Detached, Wait, WaitEvent, WaitRequest};
use crate::scripted::{Act, ActEvent, ActRequest, Controls, Listener, Scripted};
use crate::world::{LONG, Notes, World, credits};
use bus::{AskError, Settings};
use std::time::Duration;
use tokio::time::Instant;

const LIMIT: Duration = Duration::from_secs(2);

async fn world(controls: &Controls, notes: &Notes) -> World {
    let settings = Settings {
        handler_limit: LIMIT,
        ..credits(2)
    };
    World::new(settings, |builder| {
        builder
            .essential::<Scripted>(controls.clone())
            .essential::<Listener>(notes.clone());
    })
    .await
}

/// A bus whose scripted subscriber may wait.
async fn detached_world(controls: &Controls, notes: &Notes) -> World {
    let settings = Settings {
        handler_limit: LIMIT,
        ..credits(8)
    };
    World::new(settings, |builder| {
        builder
            .isolated::<Detached>(controls.clone())
            .essential::<Listener>(notes.clone());
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_publishes_nothing_and_keeps_its_state() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = detached_world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Count)).await;
    let asked_at = Instant::now();
    assert_eq!(
        bus.ask(WaitRequest(Wait::Fail), LONG).await,
        Err(AskError::Failed)
    );
    assert!(asked_at.elapsed() < LIMIT);
    assert_eq!(
        bus.ask(ActRequest(Act::Count), LONG).await,
        Ok(2),
        "the state was kept"
    );
    assert_eq!(controls.loads(), 1);
    assert!(notes.all().is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_publishes_nothing_and_is_rebuilt() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Count)).await;
    let asked_at = Instant::now();
    assert_eq!(
        bus.ask(ActRequest(Act::Panic), LONG).await,
        Err(AskError::Failed)
    );
    assert!(asked_at.elapsed() < LIMIT);
    assert_eq!(
        bus.ask(ActRequest(Act::Count), LONG).await,
        Ok(1),
        "the state is a new one"
    );
    bus.quiet().await;
    assert_eq!(controls.loads(), 2);
    assert!(notes.all().is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_times_out_publishes_nothing_and_is_rebuilt() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = detached_world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Count)).await;
    let asked_at = Instant::now();
    assert_eq!(
        bus.ask(WaitRequest(Wait::Hang), LONG).await,
        Err(AskError::Failed)
    );
    assert_eq!(asked_at.elapsed().as_secs(), LIMIT.as_secs());
    assert_eq!(
        bus.ask(ActRequest(Act::Count), LONG).await,
        Ok(1),
        "the state is a new one"
    );
    bus.quiet().await;
    assert_eq!(controls.loads(), 2);
    assert!(notes.all().is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_the_turn_is_handled_after_a_panic() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = World::new(Settings::default(), |builder| {
        builder
            .essential::<Scripted>(controls.clone())
            .essential::<Listener>(notes.clone());
    })
    .await;
    let bus = world.bus();
    for act in [
        Act::Emit(1),
        Act::Panic,
        Act::Emit(2),
        Act::Panic,
        Act::Emit(3),
    ] {
        bus.publish(ActEvent(act)).await;
    }
    bus.quiet().await;
    assert_eq!(notes.all(), ["pong 1", "pong 2", "pong 3"]);
    assert_eq!(bus.metrics().subscribers[0].failed, 2);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn each_handler_of_a_turn_has_the_whole_limit() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = detached_world(&controls, &notes).await;
    let bus = world.bus();
    controls.wait_for_notes(1).await;
    for _ in 0..3 {
        bus.publish(WaitEvent(Wait::Block)).await;
    }
    for handled in 1..=3 {
        controls.wait_for_notes(1 + handled).await;
        tokio::time::advance(LIMIT * 3 / 4).await;
        controls.open_gate(1);
    }
    assert_eq!(bus.ask(ActRequest(Act::Count), LONG).await, Ok(1));
    assert_eq!(bus.metrics().subscribers[0].failed, 0);

    bus.publish(WaitEvent(Wait::Block)).await;
    bus.publish(WaitEvent(Wait::Block)).await;
    controls.open_gate(1);
    assert_eq!(bus.ask(ActRequest(Act::Count), LONG).await, Ok(1));
    assert_eq!(
        bus.metrics().subscribers[0].failed,
        1,
        "only the last one overran"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_handed_over_answers_although_its_handler_panicked() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let asked = world.asks(ActRequest(Act::KeepAndPanic), LONG);
    controls.kept().await.answer(42);
    assert_eq!(asked.await, Ok(42));
    world.end().await;
}
