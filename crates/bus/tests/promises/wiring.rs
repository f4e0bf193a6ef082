//! Every mistake in the wiring is found at the start, before anything is loaded.

use crate::scripted::{Act, ActEvent, ActRequest, Controls, Scripted};
use crate::world::{Double, Ping};
use bus::{
    Answers, AskError, Builder, Context, Essential, Event, Handles, Isolated, LoadError, Reads,
    Reply, Request, Settings, StartError, Subscriber, Tasks, TraceId, Wiring, WiringError,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Starts a bus with a mistake and a subscriber that must not be loaded; returns the mistake.
async fn mistake(wire: impl FnOnce(&mut Builder)) -> WiringError {
    let tasks = Tasks::new(CancellationToken::new());
    let mut builder = Builder::new(Settings::default(), &tasks);
    let controls = Controls::new();
    builder.essential::<Scripted>(controls.clone());
    wire(&mut builder);
    let error = builder.start().await.err().expect("a mistake");
    assert_eq!(controls.loads(), 0, "loaded before the wiring was checked");
    assert!(tasks.list().is_empty());
    match error {
        StartError::Wiring(mistake) => mistake,
        StartError::Load { .. } => panic!("{error}"),
    }
}

/// An event with the name of another.
struct Impostor;

impl Event for Impostor {
    const NAME: &'static str = <Ping as Event>::NAME;
}

/// A request with the name of an event.
struct Pretender;

impl Request for Pretender {
    const NAME: &'static str = <ActEvent as Event>::NAME;
    type Answer = ();
}

struct Naive;

impl Subscriber for Naive {
    const NAME: &'static str = "naive";
    type Kind = Essential;
    type Deps = ();
    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>().on::<Ping>().on::<Impostor>();
    }
}

impl Handles<Ping> for Naive {
    fn handle(&mut self, _: &Arc<Ping>, _: &mut Context) {}
}

impl Handles<Impostor> for Naive {
    fn handle(&mut self, _: &Arc<Impostor>, _: &mut Context) {}
}

/// An isolated subscriber with the name of `Scripted`.
struct Namesake;

impl Subscriber for Namesake {
    const NAME: &'static str = Scripted::NAME;
    type Kind = Isolated;
    type Deps = ();
    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }
    fn wire(_: &mut Wiring<Self>) {}
}

/// Answers the same request as `Scripted`.
struct Rival;

impl Subscriber for Rival {
    const NAME: &'static str = "rival";
    type Kind = Essential;
    type Deps = ();
    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.answers::<ActRequest>();
    }
}

impl Answers<ActRequest> for Rival {
    fn answer(&mut self, _: ActRequest, reply: Reply<u64>, _: &mut Context) {
        reply.answer(0);
    }
}

/// Answers the same request concurrently.
struct Reader;

impl Reads<ActRequest> for Reader {
    async fn read(&self, request: ActRequest, _: TraceId) -> Result<u64, AskError> {
        match request.0 {
            Act::Emit(n) => Ok(n),
            _ => Err(AskError::Failed),
        }
    }
}

#[tokio::test]
async fn two_types_with_one_name_are_a_mistake() {
    let found = mistake(|builder| _ = builder.essential::<Naive>(())).await;
    assert_eq!(found, WiringError::DuplicateName("test.ping"));
}

#[tokio::test]
async fn a_request_with_the_name_of_an_event_is_a_mistake() {
    let found = mistake(|builder| _ = builder.asks::<Pretender>()).await;
    assert_eq!(found, WiringError::DuplicateName("test.act"));
}

#[tokio::test]
async fn two_subscribers_with_one_name_are_a_mistake() {
    let found = mistake(|builder| _ = builder.isolated::<Namesake>(())).await;
    assert_eq!(found, WiringError::DuplicateSubscriber("scripted"));
}

#[tokio::test]
async fn two_ordered_answerers_of_one_request_are_a_mistake() {
    let found = mistake(|builder| _ = builder.essential::<Rival>(())).await;
    assert_eq!(found, WiringError::TwoAnswerers("test.act_request"));
}

#[tokio::test]
async fn an_ordered_and_a_concurrent_answerer_of_one_request_are_a_mistake() {
    let found =
        mistake(|builder| _ = builder.reads::<ActRequest, _>("reader", 1, Arc::new(Reader))).await;
    assert_eq!(found, WiringError::TwoAnswerers("test.act_request"));
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_a_mistake() {
    let found = mistake(|builder| _ = builder.asks::<ActRequest>().asks::<Double>()).await;
    assert_eq!(found, WiringError::NoAnswerer("test.double"));
}
