//! Waiting for a quiet bus, and stopping it.

use crate::scripted::{Act, ActEvent, ActRequest, Controls, Listener, Scripted};
use crate::world::{LONG, Notes, Pong, World, credits};
use bus::{AskError, Settings};
use std::time::Duration;
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);

async fn world(controls: &Controls, notes: &Notes) -> World {
    let settings = Settings {
        handler_limit: LONG,
        ..credits(4)
    };
    World::new(settings, |builder| {
        builder
            .essential::<Scripted>(controls.clone())
            .essential::<Listener>(notes.clone());
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_bus_is_quiet_only_when_no_event_waits_and_no_reply_is_owed() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.quiet().await;
    bus.publish(ActEvent(Act::Stall)).await;
    bus.publish(ActEvent(Act::Count)).await;
    assert!(
        timeout(SECOND, bus.quiet()).await.is_err(),
        "an event waits"
    );
    controls.open_gate(1);
    bus.quiet().await;

    let asked = world.asks(ActRequest(Act::Keep), LONG);
    let reply = controls.kept().await;
    assert!(
        timeout(SECOND, bus.quiet()).await.is_err(),
        "a reply is owed"
    );
    reply.answer(1);
    bus.quiet().await;
    assert_eq!(asked.await, Ok(1));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn waiting_for_quiet_blocks_no_publisher() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    bus.publish(ActEvent(Act::Count)).await;
    let mut quiet = Box::pin(bus.quiet());
    assert!(timeout(SECOND, &mut quiet).await.is_err());
    bus.publish(ActEvent(Act::Count)).await;
    controls.open_gate(1);
    quiet.await;
    assert_eq!(controls.notes().len(), 3);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_the_queued_and_its_reactions_be_handled() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    for n in 1..=3 {
        bus.publish(ActEvent(Act::Emit(n))).await;
    }
    controls.open_gate(1);
    world.end().await;
    assert_eq!(notes.all(), ["pong 1", "pong 2", "pong 3"]);
    bus.publish(Pong(4)).await;
    assert_eq!(
        bus.ask(ActRequest(Act::Count), SECOND).await,
        Err(AskError::Draining)
    );
    assert_eq!(
        bus.metrics().credits_free,
        4,
        "nothing stays on a bus that has ended"
    );
    bus.quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_cancels_what_does_not_end_in_time() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    controls.wait_for_notes(1).await;
    let queued = world.asks(ActRequest(Act::Count), LONG);
    tokio::task::yield_now().await;
    let World { tasks, running } = world;
    assert_eq!(
        running.stop(SECOND).await,
        2,
        "neither ends while what is queued may cause other events"
    );
    let queued = queued.await;
    assert!(
        matches!(queued, Err(AskError::Draining | AskError::Failed)),
        "{queued:?}"
    );
    assert_eq!(bus.metrics().credits_free, 4);
    bus.quiet().await;
    assert!(tasks.stop(SECOND).await.is_empty());
}
