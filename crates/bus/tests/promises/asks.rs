//! Requests: one answerer, and the caller always gets an answer or an error.

use crate::scripted::{Act, ActEvent, ActRequest, Controls, Listener, Scripted};
use crate::world::{Double, LONG, Notes, Pong, World, credits};
use bus::{
    Answers, AskError, Bus, Context, Essential, Handles, LoadError, Reply, Settings, Subscriber,
    Wiring,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::time::Instant;

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
async fn an_ordered_request_takes_its_place_among_the_events() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    world.bus().publish(ActEvent(Act::Count)).await;
    world.bus().publish(ActEvent(Act::Count)).await;
    assert_eq!(world.bus().ask(ActRequest(Act::Count), SECOND).await, Ok(3));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_out_after_the_begin_is_outcome_unknown_and_the_event_still_comes() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    let asked = world.asks(ActRequest(Act::Keep), SECOND);
    // A storage job that has committed but not answered.
    let job = controls.kept().await;
    assert!(job.begin());
    assert_eq!(asked.await, Err(AskError::OutcomeUnknown));

    assert!(job.begin(), "begun stays begun");
    bus.publish_from(job.origin(), Pong(7));
    job.answer(1);
    assert_eq!(
        bus.ask(ActRequest(Act::Count), SECOND).await,
        Ok(2),
        "the subscriber goes on"
    );
    bus.quiet().await;
    assert_eq!(notes.all(), ["pong 7"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_out_before_the_begin_withdraws_the_request() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let asked = world.asks(ActRequest(Act::Keep), SECOND);
    let job = controls.kept().await;
    assert_eq!(asked.await, Err(AskError::Overloaded));
    assert!(!job.begin(), "a withdrawn request must not be carried out");
    drop(job);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_withdrawn_in_the_queue_is_never_handled() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    assert_eq!(
        bus.ask(ActRequest(Act::Count), SECOND).await,
        Err(AskError::Overloaded)
    );
    controls.open_gate(1);
    bus.publish(ActEvent(Act::Emit(1))).await;
    bus.quiet().await;
    assert_eq!(controls.notes(), ["Stall", "Emit(1)"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_time_includes_the_wait_for_a_credit() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    controls.wait_for_notes(1).await;
    for n in 0..4 {
        bus.publish(ActEvent(Act::Emit(n))).await;
    }
    let asked_at = Instant::now();
    assert_eq!(
        bus.ask(ActRequest(Act::Count), SECOND).await,
        Err(AskError::Overloaded)
    );
    assert_eq!(asked_at.elapsed().as_secs(), 1);
    controls.open_gate(1);
    bus.quiet().await;
    assert_eq!(
        controls.notes(),
        ["Stall", "Emit(0)", "Emit(1)", "Emit(2)", "Emit(3)"],
        "what never entered was never handled"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_after_its_begin_leaves_the_outcome_unknown_at_once() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let asked_at = Instant::now();
    let asked = world.asks(ActRequest(Act::Keep), LONG);
    let job = controls.kept().await;
    assert!(job.begin());
    drop(job);
    assert_eq!(asked.await, Err(AskError::OutcomeUnknown));
    assert!(asked_at.elapsed() < SECOND);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_dropped_before_its_begin_has_failed_at_once() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let asked_at = Instant::now();
    assert_eq!(
        world.bus().ask(ActRequest(Act::Forget), LONG).await,
        Err(AskError::Failed)
    );
    assert!(asked_at.elapsed() < SECOND);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_holder_of_a_reply_can_fail_the_request() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let asked = world.asks(ActRequest(Act::Keep), SECOND);
    let unavailable = AskError::Unavailable {
        retry_after: SECOND,
    };
    controls.kept().await.fail(unavailable.clone());
    assert_eq!(asked.await, Err(unavailable));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_is_handled_although_its_caller_has_gone() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Stall)).await;
    tokio::select! {
        biased;
        _ = bus.ask(ActRequest(Act::Count), SECOND) => panic!("the answerer has stalled"),
        () = std::future::ready(()) => {}
    }
    controls.open_gate(1);
    bus.quiet().await;
    assert_eq!(controls.notes(), ["Stall", "Count"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_draining_bus_refuses_new_requests_and_finishes_the_others() {
    let (controls, notes) = (Controls::new(), Notes::default());
    let world = world(&controls, &notes).await;
    let bus = world.bus();
    let asked = world.asks(ActRequest(Act::Keep), SECOND);
    let job = controls.kept().await;
    bus.drain();
    assert_eq!(
        bus.ask(ActRequest(Act::Count), SECOND).await,
        Err(AskError::Draining)
    );
    job.answer(5);
    assert_eq!(asked.await, Ok(5));
    world.end().await;
}

/// Panics at each event; while it reloads it breaks the rules that essential subscribers neither ask
/// nor publish then. Both could only wait for the subscriber itself.
struct Reloading;

/// The bus, how often it was loaded, and what the load found.
type ReloadingDeps = (Bus, AtomicU64, Notes);

impl Subscriber for Reloading {
    const NAME: &'static str = "reloading";
    type Kind = Essential;
    type Deps = ReloadingDeps;
    async fn load((bus, loads, notes): &ReloadingDeps) -> Result<Self, LoadError> {
        match loads.fetch_add(1, SeqCst) {
            1 => notes.add(format!("{:?}", bus.ask(Double(1), LONG).await)),
            2 => bus.publish(Pong(1)).await,
            _ => {}
        }
        Ok(Self)
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<ActEvent>().answers::<Double>();
    }
}

impl Handles<ActEvent> for Reloading {
    fn handle(&mut self, _: &Arc<ActEvent>, _: &mut Context) {
        panic!("on purpose");
    }
}

impl Answers<Double> for Reloading {
    fn answer(&mut self, request: Double, reply: Reply<u64>, _: &mut Context) {
        reply.answer(request.0 * 2);
    }
}

#[tokio::test(start_paused = true)]
async fn an_essential_subscriber_that_asks_or_publishes_while_it_loads_does_not_wait_for_itself() {
    let notes = Notes::default();
    let world = World::new(credits(1), |builder| {
        let deps = (builder.bus(), AtomicU64::new(0), notes.clone());
        builder.essential::<Reloading>(deps);
    })
    .await;
    let bus = world.bus();
    bus.publish(ActEvent(Act::Count)).await;
    assert_eq!(bus.ask(Double(1), LONG).await, Ok(2));
    assert_eq!(notes.all(), ["Err(Failed)"], "it was refused");

    let asked_at = Instant::now();
    bus.publish(ActEvent(Act::Count)).await;
    while bus.ask(Double(1), LONG).await != Ok(2) {
        // Refused while the load that published is repeated.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(asked_at.elapsed() < Duration::from_secs(60));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn before_the_start_requests_are_refused_and_events_dropped() {
    let tasks = bus::Tasks::new(tokio_util::sync::CancellationToken::new());
    let mut builder = bus::Builder::new(Settings::default(), &tasks);
    builder.essential::<Scripted>(Controls::new());
    let asked = builder.bus().ask(ActRequest(Act::Count), SECOND).await;
    assert!(matches!(asked, Err(AskError::Unavailable { .. })));
    builder.bus().publish(ActEvent(Act::Count)).await;
    assert_eq!(builder.bus().metrics().published, 0);
}
