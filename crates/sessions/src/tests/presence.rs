//! Presence, as published to other crates.

use super::recorder::Change::{Offline, Online};
use super::world::World;
use crate::api::{CancelHello, EndReason, KeepConnected, Logout, PresenceLoaded, Proof};
use crate::presence::{ConnectionsOpened, DueSession};
use crate::subscriber::connected_sessions;
use bus::kit::Alone;
use std::time::Duration;

const CLEAN: Duration = Duration::from_millis(1500);
const ALMOST_CLEAN: Duration = Duration::from_millis(1499);
const LOST: Duration = Duration::from_secs(12);
const ALMOST_LOST: Duration = Duration::from_millis(11_999);
const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test(flavor = "multi_thread")]
async fn coming_and_going_is_published_once() {
    let world = World::new().await;
    let (first, welcome) = world.guest("alice").await;
    let (second, _) = world.token(&welcome.token).await.unwrap();
    let alice = welcome.caller.user.id;
    assert_eq!(world.changes(), [Online(alice)]);
    assert!(world.online().contains(alice));
    world.disconnect(first, true).await;
    world.disconnect(second, true).await;
    world.pass(ALMOST_CLEAN).await;
    assert_eq!(world.changes(), []);
    world.pass(MOMENT).await;
    assert_eq!(world.changes(), [Offline(alice)]);
    assert!(!world.online().contains(alice));
    world.pass(LOST).await;
    assert_eq!(world.changes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_has_time_to_reconnect() {
    let world = World::new().await;
    let (connection, welcome) = world.guest("alice").await;
    world.disconnect(connection, false).await;
    world.pass(ALMOST_LOST).await;
    let (connection, _) = world.token(&welcome.token).await.unwrap();
    world.pass(LOST).await;
    let alice = welcome.caller.user.id;
    assert_eq!(world.changes(), [Online(alice)]);
    world.disconnect(connection, false).await;
    world.pass(LOST).await;
    assert_eq!(world.changes(), [Offline(alice)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_after_the_grace_period_is_a_new_arrival() {
    let world = World::new().await;
    let (connection, welcome) = world.guest("alice").await;
    world.disconnect(connection, true).await;
    world.pass(CLEAN).await;
    world.token(&welcome.token).await.unwrap();
    let alice = welcome.caller.user.id;
    assert_eq!(
        world.changes(),
        [Online(alice), Offline(alice), Online(alice)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_all_count_as_online_for_one_grace_period() {
    let world = World::new().await;
    let (_, alice) = world.guest("alice").await;
    let (_, bob) = world.guest("bob").await;
    let (gone, carol) = world.guest("carol").await;
    world.disconnect(gone, true).await;
    world.pass(CLEAN).await;
    let world = world.crashed().await;
    assert_eq!(world.online().count(), 2);
    assert!(!world.online().contains(carol.caller.user.id));
    world.token(&alice.token).await.unwrap();
    world.pass(ALMOST_LOST).await;
    assert_eq!(world.changes(), [], "nobody left and nobody came");
    world.pass(MOMENT).await;
    assert_eq!(world.changes(), [Offline(bob.caller.user.id)]);
    let world = world.crashed().await;
    assert_eq!(world.online().count(), 1, "the departure was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_leave_together_are_one_event() {
    let world = World::new().await;
    for n in 0..5 {
        world.guest(&format!("guest-{n}x")).await;
    }
    let world = world.crashed().await;
    let before = world.presence_events();
    world.pass(LOST).await;
    assert_eq!(world.presence_events() - before, 1);
    assert_eq!(world.changes().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_publishes_no_departures() {
    let world = World::new().await;
    let (connection, alice) = world.guest("alice").await;
    world.changes();
    world.ask(KeepConnected).await.unwrap();
    world.disconnect(connection, true).await;
    world.pass(LOST * 2).await;
    assert_eq!(world.changes(), []);
    let world = world.crashed().await;
    assert!(world.online().contains(alice.caller.user.id));
    world.pass(LOST).await;
    assert_eq!(world.changes(), [Offline(alice.caller.user.id)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_shows_after_the_short_grace_period() {
    let world = World::new().await;
    let (connection, welcome) = world.guest("alice").await;
    let alice = welcome.caller.user.id;
    world
        .ask(Logout {
            caller: welcome.caller.clone(),
        })
        .await
        .unwrap();
    world.disconnect(connection, false).await;
    world.pass(CLEAN).await;
    let ended = super::recorder::Change::Ended(welcome.caller.session, EndReason::Logout);
    assert_eq!(world.changes(), [Online(alice), ended, Offline(alice)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_renewed_in_storage_is_not_cleared() {
    let world = World::new().await;
    let (connection, welcome) = world.guest("alice").await;
    world.disconnect(connection, true).await;
    world.clock.advance(CLEAN);
    // The hello commits before the disconnect, but the subscriber has not seen it yet.
    let marked = connected_sessions(&world.database).await.unwrap();
    let due = marked.iter().map(|marked| DueSession {
        session: marked.session,
        user: marked.user.id,
        connected_at: marked.connected_at,
    });
    let due = due.collect();
    let back = world
        .open_as_set(&[&welcome.token])
        .await
        .remove(0)
        .unwrap();
    world
        .write(crate::jobs::Disconnect {
            due,
            now: world.now(),
        })
        .await
        .unwrap();
    world.pass(LOST).await;
    assert_eq!(world.changes(), [Online(welcome.caller.user.id)]);
    let lines = world.sessions(back.caller).await;
    assert!(lines[0].online);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_closed_before_its_hello_committed_does_not_stay_online() {
    let world = World::new().await;
    let connection = world.connection();
    world.disconnect(connection, true).await;
    let welcome = world
        .hello_on(connection, Proof::Guest("alice".into()))
        .await
        .unwrap();
    world.pass(LOST).await;
    let alice = welcome.caller.user.id;
    assert_eq!(world.changes(), [Online(alice), Offline(alice)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_devices_shows_which_are_connected() {
    let world = World::new().await;
    let (token, _) = world.register("alice").await;
    let (connection, welcome) = world.token(&token).await.unwrap();
    let line = async || {
        let caller = welcome.caller.clone();
        world.sessions(caller).await.remove(0)
    };
    world.clock.advance(Duration::from_secs(60));
    assert!(line().await.online && line().await.current);
    assert_eq!(line().await.seen_at, world.now());
    world.disconnect(connection, true).await;
    world.pass(CLEAN).await;
    let left_at = world.now();
    world.clock.advance(Duration::from_secs(60));
    assert!(!line().await.online);
    assert_eq!(line().await.seen_at, left_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reloaded_subscriber_forgets_its_connections_and_says_so() {
    let world = World::new().await;
    assert_eq!(
        world.forgotten(),
        0,
        "there was nothing to forget at the start"
    );
    let (connection, welcome) = world.guest("alice").await;
    let alice = welcome.caller.user.id;
    let mut reloaded = Alone::<crate::Sessions>::load(&world.deps).await.unwrap();
    // Asked before the reload, committed after it: its connection will be closed, too.
    let late = super::world::opened_connection(7);
    let late_connection = late.connection;
    reloaded.send(ConnectionsOpened(vec![late]));
    reloaded.turn_ended();
    let loaded = reloaded.published::<PresenceLoaded>();
    assert_eq!(loaded.len(), 1);
    assert!(loaded[0].connections_forgotten);
    assert_eq!(loaded[0].online, [alice]);
    assert_eq!(
        reloaded.published_names(),
        ["sessions.presence_loaded", "sessions.presence_changed"]
    );

    let presence = &reloaded.state().presence;
    assert!(presence.open(connection).is_none() && presence.open(late_connection).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_publishes_its_changes_as_one_event() {
    let world = World::new().await;
    let mut alone = Alone::<crate::Sessions>::load(&world.deps).await.unwrap();
    for n in 1..=3 {
        alone.send(ConnectionsOpened(vec![super::world::opened_connection(n)]));
    }
    alone.turn_ended();
    let changes = alone.published::<crate::api::PresenceChanged>();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].changes.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timers_end_grace_periods() {
    let world = World::new().await;
    world.start_timers();
    let (connection, welcome) = world.guest("alice").await;
    let alice = welcome.caller.user.id;
    assert_eq!(world.next_changes().await, [Online(alice)]);
    world.disconnect(connection, true).await;
    world.clock.advance(CLEAN);
    assert_eq!(world.next_changes().await, [Offline(alice)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_whose_outcome_was_lost_gets_one_grace_period() {
    let world = World::new().await;
    let (connection, welcome) = world.guest("alice").await;
    let alice = welcome.caller.user.id;
    world.disconnect(connection, true).await;
    world.pass(CLEAN).await;
    world.changes();
    // Marked in storage, without an event for the subscriber.
    world.mark_connected(welcome.caller.session).await;
    world.count().await;
    assert!(world.online().contains(alice));
    world.pass(LOST).await;
    assert_eq!(world.changes(), [Online(alice), Offline(alice)]);
    world.end_guest(alice).await;
    assert!(
        world.by_name(&["alice"]).await.is_empty(),
        "the mark is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_hello_was_cancelled_may_say_another() {
    let world = World::new().await;
    let (token, _) = world.register("alice").await;
    let (connection, _) = world.token(&token).await.unwrap();
    world.ask(CancelHello { connection }).await;
    let again = Proof::Token(token.clone());
    let welcome = world.hello_on(connection, again).await.unwrap();
    world.changes();
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(world.changes(), [], "nobody left");
    assert!(world.online().contains(welcome.caller.user.id));
}
