//! The kit drives one subscriber without a bus, a spawn or a sleep.

use crate::detached::{Detached, Wait, WaitEvent, WaitRequest};
use crate::scripted::{Act, ActEvent, ActRequest, Controls, Scripted, away};
use crate::world::Pong;
use bus::kit::{self, Alone};
use bus::{AskError, LoadError, Missed};
use std::time::Duration;

async fn scripted(controls: &Controls) -> Alone<Scripted> {
    Alone::load(controls).await.expect("it loads")
}

async fn detached(controls: &Controls) -> Alone<Detached> {
    Alone::load(controls).await.expect("it loads")
}

#[tokio::test]
async fn what_a_handler_published_is_seen_in_order() {
    let mut scripted = scripted(&Controls::new()).await;
    scripted.send(ActEvent(Act::Emit(1)));
    assert_eq!(scripted.ask(ActRequest(Act::Emit(2))).await, Ok(0));
    let pongs: Vec<_> = scripted
        .published::<Pong>()
        .iter()
        .map(|pong| pong.0)
        .collect();
    assert_eq!(pongs, [1, 2]);
    assert_eq!(scripted.published_names(), ["test.pong"; 2]);
    assert!(scripted.published::<ActEvent>().is_empty());
}

#[tokio::test]
async fn what_a_failed_handler_emitted_is_not_published() {
    let mut detached = detached(&Controls::new()).await;
    detached
        .send_async(WaitEvent(Wait::Fail))
        .await
        .expect_err("fails on purpose");
    let (outcome, pending) = detached.hand_async(WaitRequest(Wait::Fail)).await;
    outcome.expect_err("fails on purpose");
    assert_eq!(pending.answer().await, Err(AskError::Failed));
    detached.send(ActEvent(Act::Count));
    assert!(detached.published_names().is_empty());
}

#[tokio::test]
async fn an_answer_may_come_after_the_handler_has_ended() {
    let controls = Controls::new();
    let mut scripted = scripted(&controls).await;
    let pending = scripted.hand(ActRequest(Act::Keep));
    controls.kept().await.answer(9);
    assert_eq!(pending.answer().await, Ok(9));
}

#[tokio::test]
async fn it_learns_what_it_missed() {
    let controls = Controls::new();
    let mut detached = detached(&controls).await;
    detached.missed(Missed::Events(3)).await.expect("well");
    detached.turn_ended();
    assert_eq!(controls.notes(), ["Events(3)"]);
}

#[tokio::test]
async fn a_failed_load_returns_its_error() {
    let controls = Controls::new();
    controls.fail_next_loads([away()]);
    assert!(matches!(
        Alone::<Scripted>::load(&controls).await,
        Err(LoadError::Away(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_reply_of_the_kit_behaves_like_one_from_the_bus() {
    let (reply, answer) = kit::reply::<u64>();
    reply.answer(1);
    assert_eq!(answer.await, Ok(1));

    let (reply, answer) = kit::reply::<u64>();
    drop(reply);
    assert_eq!(answer.await, Err(AskError::Failed));

    let (reply, answer) = kit::reply_within::<u64>(Duration::from_secs(1));
    assert!(reply.begin());
    assert_eq!(answer.await, Err(AskError::OutcomeUnknown));

    let (reply, answer) = kit::reply_within::<u64>(Duration::from_secs(1));
    assert_eq!(answer.await, Err(AskError::Overloaded));
    assert!(!reply.begin());
    reply.answer(1);
}
