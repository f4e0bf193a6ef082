//! A subscriber that lost its state reloads it from storage.

use crate::scripted::{Act, ActEvent, ActRequest, Controls, Scripted, away, broken};
use crate::world::{LONG, World, credits};
use bus::{AskError, Builder, Settings, StartError, Tasks};
use tokio_util::sync::CancellationToken;

async fn world(controls: &Controls) -> World {
    World::new(credits(8), |builder| {
        _ = builder.essential::<Scripted>(controls.clone());
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn while_storage_is_away_events_wait_and_requests_are_refused() {
    let controls = Controls::new();
    let world = world(&controls).await;
    let bus = world.bus();
    controls.fail_next_loads((0..20).map(|_| away()));
    bus.publish(ActEvent(Act::Panic)).await;
    bus.publish(ActEvent(Act::Count)).await;
    let in_the_turn = world.asks(ActRequest(Act::Count), LONG);
    bus.publish(ActEvent(Act::Count)).await;
    assert!(matches!(
        in_the_turn.await,
        Err(AskError::Unavailable { .. })
    ));
    let later = bus.ask(ActRequest(Act::Count), LONG).await;
    assert!(matches!(later, Err(AskError::Unavailable { .. })));

    bus.quiet().await;
    assert_eq!(controls.loads(), 22, "tried until it came back");
    assert_eq!(controls.notes(), ["Panic", "Count", "Count"]);
    assert_eq!(bus.ask(ActRequest(Act::Count), LONG).await, Ok(3));
    assert!(
        !world.tasks.stopping().is_cancelled(),
        "an absent database stops nobody"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_essential_subscriber_broken_three_times_in_a_minute_stops_the_server() {
    let controls = Controls::new();
    let world = world(&controls).await;
    controls.fail_next_loads([broken(), broken(), broken()]);
    world.bus().publish(ActEvent(Act::Panic)).await;
    world.tasks.stopping().cancelled().await;
    assert_eq!(controls.loads(), 4);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn broken_twice_it_goes_on() {
    let controls = Controls::new();
    let world = world(&controls).await;
    controls.fail_next_loads([broken(), broken()]);
    world.bus().publish(ActEvent(Act::Panic)).await;
    world.bus().quiet().await;
    assert_eq!(world.bus().ask(ActRequest(Act::Count), LONG).await, Ok(1));
    assert!(!world.tasks.stopping().is_cancelled());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_essential_subscriber_that_cannot_be_loaded_is_a_start_error() {
    let tasks = Tasks::new(CancellationToken::new());
    let mut builder = Builder::new(Settings::default(), &tasks);
    let controls = Controls::new();
    controls.fail_next_loads([away()]);
    builder.essential::<Scripted>(controls);
    let error = builder.start().await.err().expect("storage is away");
    assert!(matches!(
        error,
        StartError::Load {
            subscriber: "scripted",
            ..
        }
    ));
    assert!(tasks.list().is_empty(), "nothing was spawned");
}
