//! Concurrent reads: outside the queues, under their own semaphore.

use crate::scripted::{Act, ActEvent, ActRequest, Controls, Scripted};
use crate::world::{Double, LONG, World, credits};
use bus::{AskError, Reads, Request, Settings, TraceId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Semaphore;

const SECOND: Duration = Duration::from_secs(1);

/// Another request of the same reader.
struct Triple(u64);

impl Request for Triple {
    const NAME: &'static str = "test.triple";
    type Answer = u64;
}

struct Library {
    gate: Semaphore,
    inside: AtomicUsize,
    most_inside: AtomicUsize,
}

impl Library {
    fn new() -> Arc<Self> {
        let (inside, most_inside) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self {
            gate: Semaphore::new(0),
            inside,
            most_inside,
        })
    }
}

impl Reads<Double> for Library {
    async fn read(&self, request: Double, _: TraceId) -> Result<u64, AskError> {
        assert_ne!(request.0, 13, "on purpose");
        let inside = self.inside.fetch_add(1, SeqCst) + 1;
        self.most_inside.fetch_max(inside, SeqCst);
        self.gate.acquire().await.expect("never closed").forget();
        self.inside.fetch_sub(1, SeqCst);
        Ok(request.0 * 2)
    }
}

impl Reads<Triple> for Library {
    async fn read(&self, request: Triple, trace: TraceId) -> Result<u64, AskError> {
        assert_eq!(TraceId::of_this_read(), Some(trace));
        Ok(request.0 * 3)
    }
}

async fn world(controls: &Controls, library: &Arc<Library>) -> World {
    let settings = Settings {
        handler_limit: LONG,
        ..credits(1)
    };
    World::new(settings, |builder| {
        builder.essential::<Scripted>(controls.clone());
        builder.reads::<Double, _>("library", 2, Arc::clone(library));
        builder.reads::<Triple, _>("library", 2, Arc::clone(library));
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn reads_go_on_beside_a_busy_writer_and_without_a_credit() {
    let (controls, library) = (Controls::new(), Library::new());
    let world = world(&controls, &library).await;
    let bus = world.bus();
    let writing = world.asks(ActRequest(Act::Keep), LONG);
    let job = controls.kept().await;
    assert_eq!(bus.metrics().credits_free, 0);
    let first = world.asks(Double(1), SECOND);
    let second = world.asks(Double(2), SECOND);
    library.gate.add_permits(2);
    assert_eq!((first.await, second.await), (Ok(2), Ok(4)));
    assert_eq!(bus.ask(Triple(3), SECOND).await, Ok(9));
    job.answer(0);
    assert_eq!(writing.await, Ok(0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_limits_concurrent_reads() {
    let (controls, library) = (Controls::new(), Library::new());
    let world = world(&controls, &library).await;
    let asked: Vec<_> = (0..6).map(|n| world.asks(Double(n), LONG)).collect();
    tokio::time::sleep(SECOND).await;
    assert_eq!(library.inside.load(SeqCst), 2);
    library.gate.add_permits(6);
    for (n, answer) in (0..).zip(asked) {
        assert_eq!(answer.await, Ok(n * 2));
    }
    assert_eq!(library.most_inside.load(SeqCst), 2);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn no_permit_in_time_is_overloaded_and_no_answer_in_time_is_unavailable() {
    let (controls, library) = (Controls::new(), Library::new());
    let world = world(&controls, &library).await;
    let (first, second) = (
        world.asks(Double(1), SECOND * 2),
        world.asks(Double(2), SECOND * 2),
    );
    tokio::task::yield_now().await;
    let third = world.bus().ask(Triple(3), SECOND).await;
    assert_eq!(
        third,
        Err(AskError::Overloaded),
        "they share the reader's permits"
    );
    let slow = AskError::Unavailable {
        retry_after: SECOND,
    };
    assert_eq!((first.await, second.await), (Err(slow.clone()), Err(slow)));
    assert_eq!(
        world.bus().ask(Triple(3), SECOND).await,
        Ok(9),
        "the permits are back"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_read_that_panics_fails_alone() {
    let (controls, library) = (Controls::new(), Library::new());
    let world = world(&controls, &library).await;
    library.gate.add_permits(1);
    assert_eq!(
        world.bus().ask(Double(13), SECOND).await,
        Err(AskError::Failed)
    );
    assert_eq!(world.bus().ask(Double(1), SECOND).await, Ok(2));
    world.bus().publish(ActEvent(Act::Count)).await;
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_holds_an_answerer_after_the_end() {
    let (controls, library) = (Controls::new(), Library::new());
    let world = world(&controls, &library).await;
    let bus = world.bus();
    world.end().await;
    assert_eq!(Arc::strong_count(&library), 1);
    assert_eq!(bus.ask(Triple(3), SECOND).await, Err(AskError::Draining));
}
