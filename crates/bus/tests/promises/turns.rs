//! Turns: all waiting items are taken at once, and each keeps its own cause.

use crate::scripted::{Act, ActRequest, Controls, Scripted};
use crate::world::{Double, LONG, Notes, Ping, Pong, World, credits};
use bus::{
    Answers, Context, Essential, Event, Handles, LoadError, Origin, Reply, Subscriber, TraceId,
    Wiring,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a batcher publishes at the end of a turn.
struct Batch(Vec<u64>);

impl Event for Batch {
    const NAME: &'static str = "test.batch";
}

/// Gathers pings and doubles them at the end of the turn, like a storage lane.
struct Batcher {
    notes: Notes,
    gathered: Vec<u64>,
    replies: Vec<Reply<u64>>,
    origins: Vec<Origin>,
}

impl Subscriber for Batcher {
    const NAME: &'static str = "batcher";
    type Kind = Essential;
    const TURN_MAX: usize = 3;
    type Deps = Notes;
    async fn load(notes: &Notes) -> Result<Self, LoadError> {
        let (notes, gathered) = (notes.clone(), Vec::new());
        Ok(Self {
            notes,
            gathered,
            replies: Vec::new(),
            origins: Vec::new(),
        })
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>().on::<Batch>().answers::<Double>();
    }
    fn turn_ended(&mut self, ctx: &mut Context) {
        for reply in self.replies.drain(..) {
            reply.answer(self.gathered.iter().sum());
        }
        if self.gathered.is_empty() {
            return;
        }
        let first = self.origins.first().expect("gathered with its origin");
        assert_eq!(
            ctx.origin().trace(),
            first.trace(),
            "not on behalf of the first"
        );
        self.notes.add(format!(
            "{:?} because of {}",
            self.gathered,
            ctx.origin().cause()
        ));
        ctx.emit(Batch(std::mem::take(&mut self.gathered)));
        self.origins.clear();
    }
}

impl Handles<Ping> for Batcher {
    fn handle(&mut self, event: &Arc<Ping>, ctx: &mut Context) {
        self.gathered.push(event.0);
        self.origins.push(ctx.origin().clone());
    }
}

impl Handles<Batch> for Batcher {
    fn handle(&mut self, event: &Arc<Batch>, ctx: &mut Context) {
        self.notes.add(format!(
            "batch of {} after {}",
            event.0.len(),
            ctx.origin().cause()
        ));
    }
}

impl Answers<Double> for Batcher {
    fn answer(&mut self, request: Double, reply: Reply<u64>, ctx: &mut Context) {
        self.gathered.push(request.0);
        self.origins.push(ctx.origin().clone());
        self.replies.push(reply);
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_takes_waiting_items_up_to_its_limit_and_has_the_first_cause() {
    let notes = Notes::default();
    let world = World::new(credits(8), |builder| {
        builder.essential::<Batcher>(notes.clone());
    })
    .await;
    let bus = world.bus();
    // On one thread no subscriber runs until this test waits.
    for n in 10..14 {
        bus.publish(Ping(n)).await;
    }
    bus.quiet().await;
    let expected = ["[10, 11, 12] because of 1", "[13] because of 4"];
    let turns: Vec<_> = notes
        .all()
        .into_iter()
        .filter(|note| note.starts_with('['))
        .collect();
    assert_eq!(turns, expected);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_published_for_several_holds_the_credits_of_all() {
    let (notes, held) = (Notes::default(), HeldOrigin::default());
    let world = World::new(credits(3), |builder| {
        builder
            .essential::<Batcher>(notes.clone())
            .essential::<Holder>(Arc::clone(&held));
    })
    .await;
    let bus = world.bus();
    for n in 0..3 {
        bus.publish(Ping(n)).await;
    }
    assert_eq!(notes.wait_for(2).await[0], "[0, 1, 2] because of 1");
    // The turn ends after its last note, and its credits come back then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bus.metrics().credits_free, 0, "the batch holds all three");
    held.lock().expect("no test panics here").take();
    bus.quiet().await;
    assert_eq!(bus.metrics().credits_free, 3);
    world.end().await;
}

type HeldOrigin = Arc<Mutex<Option<Origin>>>;

/// Keeps the origin of the last batch, as a storage job would.
struct Holder(HeldOrigin);

impl Subscriber for Holder {
    const NAME: &'static str = "holder";
    type Kind = Essential;
    type Deps = HeldOrigin;
    async fn load(held: &HeldOrigin) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(held)))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Batch>();
    }
}

impl Handles<Batch> for Holder {
    fn handle(&mut self, _: &Arc<Batch>, ctx: &mut Context) {
        let mut held = self.0.lock().expect("no test panics here");
        *held = Some(ctx.origin().clone());
    }
}

#[tokio::test(start_paused = true)]
async fn requests_of_a_turn_may_be_answered_at_its_end() {
    let notes = Notes::default();
    let world = World::new(credits(8), |builder| {
        builder.essential::<Batcher>(notes.clone());
    })
    .await;
    let bus = world.bus();
    bus.publish(Ping(5)).await;
    assert_eq!(bus.ask(Double(6), LONG).await, Ok(11));
    bus.quiet().await;
    assert_eq!(notes.all()[0], "[5, 6] because of 1");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_credit_is_enough_for_turns_that_publish() {
    let notes = Notes::default();
    let world = World::new(credits(1), |builder| {
        builder.essential::<Batcher>(notes.clone());
    })
    .await;
    for n in 0..10 {
        world.bus().publish(Ping(n)).await;
    }
    world.bus().quiet().await;
    assert_eq!(notes.all().len(), 20);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn each_item_of_a_turn_keeps_its_own_trace() {
    let controls = Controls::new();
    let world = World::new(credits(8), |builder| {
        builder
            .essential::<Scripted>(controls.clone())
            .essential::<Tracer>(controls.clone());
    })
    .await;
    let bus = world.bus();
    // An earlier turn, which must leave nothing behind.
    assert_eq!(bus.ask(ActRequest(Act::Count), LONG).await, Ok(1));
    let ask = |n: u64| bus.ask_traced(ActRequest(Act::Emit(n)), LONG, TraceId(n.into()));
    let answers = tokio::join!(ask(1), ask(2), ask(3));
    assert_eq!(answers, (Ok(1), Ok(1), Ok(1)));
    bus.quiet().await;
    let traces: Vec<_> = controls
        .notes()
        .into_iter()
        .filter(|note| note.contains("by"))
        .collect();
    assert_eq!(traces, [1, 2, 3].map(|n| format!("pong {n} by {n:032x}")));
    world.end().await;
}

/// Records the traces of pongs.
struct Tracer(Controls);

impl Subscriber for Tracer {
    const NAME: &'static str = "tracer";
    type Kind = Essential;
    type Deps = Controls;
    async fn load(controls: &Controls) -> Result<Self, LoadError> {
        Ok(Self(controls.clone()))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Pong>();
    }
}

impl Handles<Pong> for Tracer {
    fn handle(&mut self, event: &Arc<Pong>, ctx: &mut Context) {
        self.0
            .note(format!("pong {} by {}", event.0, ctx.origin().trace()));
    }
}

/// Handles pings, and ends its turns after all others.
struct Last(Notes);

impl Subscriber for Last {
    const NAME: &'static str = "last";
    type Kind = Essential;
    const ENDS_LAST: bool = true;
    type Deps = Notes;
    async fn load(notes: &Notes) -> Result<Self, LoadError> {
        Ok(Self(notes.clone()))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>();
    }
    fn turn_ended(&mut self, _: &mut Context) {
        self.0.add("last ends".to_owned());
    }
}

impl Handles<Ping> for Last {
    fn handle(&mut self, _: &Arc<Ping>, _: &mut Context) {
        self.0.add("last handles".to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_ends_last_lets_others_handle_the_event_first() {
    let notes = Notes::default();
    let world = World::new(credits(8), |builder| {
        builder
            .essential::<Last>(notes.clone())
            .essential::<Batcher>(notes.clone());
    })
    .await;
    world.bus().publish(Ping(1)).await;
    world.bus().quiet().await;
    let all = notes.all();
    assert_eq!(all[..2], ["last handles", "[1] because of 1"]);
    assert!(all[2..].contains(&"last ends".to_owned()), "{all:?}");
    world.end().await;
}
