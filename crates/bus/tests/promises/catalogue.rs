//! The catalogue of a wiring.

use crate::detached::Detached;
use crate::scripted::{ActEvent, ActRequest, Controls, Listener, Scripted};
use crate::world::{Double, Notes, Ping, Pong, World, credits};
use bus::{
    AskError, Builder, CatalogueItem, CatalogueKind, CatalogueSubscriber, Event as _, Reads,
    Request as _, Settings, Tasks, TraceId,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

struct Doubler;

impl Reads<Double> for Doubler {
    async fn read(&self, request: Double, _: TraceId) -> Result<u64, AskError> {
        Ok(request.0 * 2)
    }
}

fn builder() -> Builder {
    let tasks = Tasks::new(CancellationToken::new());
    Builder::new(Settings::default(), &tasks)
}

fn subscriber(name: &'static str, essential: bool) -> CatalogueSubscriber {
    CatalogueSubscriber { name, essential }
}

#[test]
fn the_catalogue_has_every_event_and_request_once_by_name() {
    let mut builder = builder();
    builder
        .asks::<Double>()
        .essential::<Listener>(Notes::default())
        .isolated::<Detached>(Controls::new())
        .reads::<Double, _>("library", 1, Arc::new(Doubler))
        .asks::<ActRequest>()
        .states::<Ping>()
        .states::<Pong>();
    let catalogue = builder.catalogue();
    let names: Vec<_> = catalogue.items.iter().map(|item| item.name).collect();
    assert_eq!(
        names,
        [
            "test.act",
            "test.act_request",
            "test.double",
            "test.ping",
            "test.pong",
            "test.wait",
            "test.wait_request"
        ]
    );
    let expected = CatalogueItem {
        name: Double::NAME,
        rust_path: "promises::world::Double",
        kind: CatalogueKind::ConcurrentRequest,
        answered_by: Some("library"),
        subscribers: Vec::new(),
        asked: true,
    };
    assert_eq!(catalogue.find("test.double"), Some(&expected));
    let wait = catalogue.find("test.wait_request").expect("known");
    assert_eq!(
        (wait.kind, wait.answered_by, wait.asked),
        (CatalogueKind::OrderedRequest, Some("detached"), false)
    );
    let pong = catalogue.find(Pong::NAME).expect("known");
    assert_eq!(pong.kind, CatalogueKind::Fact);
    assert_eq!(pong.subscribers, [subscriber("listener", true)]);
    let declared = catalogue.find("test.ping").expect("known");
    assert_eq!(
        (declared.subscribers.len(), declared.answered_by),
        (0, None)
    );
    assert_eq!(catalogue.find("test.nothing"), None);
}

#[tokio::test(start_paused = true)]
async fn a_running_bus_has_the_catalogue_of_its_wiring() {
    let controls = Controls::new();
    let mut before = None;
    let world = World::new(credits(1), |builder| {
        builder
            .essential::<Scripted>(controls.clone())
            .isolated::<Second>(());
        before = Some(builder.catalogue());
    })
    .await;
    let catalogue = world.running.catalogue();
    assert_eq!(Some(catalogue), before.as_ref());
    let act = catalogue.find(ActEvent::NAME).expect("known");
    assert_eq!(
        act.subscribers,
        [subscriber("scripted", true), subscriber("second", false)]
    );
    world.end().await;
}

#[test]
fn a_request_that_nobody_answers_is_listed_as_such() {
    let mut builder = builder();
    let catalogue = builder.asks::<Double>().catalogue();
    let kinds: Vec<_> = catalogue.items.iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [CatalogueKind::UnansweredRequest]);
}

/// A second subscriber to what [`Scripted`] handles.
struct Second;

impl bus::Subscriber for Second {
    const NAME: &'static str = "second";
    type Kind = bus::Isolated;
    type Deps = ();
    async fn load((): &()) -> Result<Self, bus::LoadError> {
        Ok(Self)
    }
    fn wire(wiring: &mut bus::Wiring<Self>) {
        wiring.on::<ActEvent>();
    }
}

impl bus::Handles<ActEvent> for Second {
    fn handle(&mut self, _: &Arc<ActEvent>, _: &mut bus::Context) {}
}
