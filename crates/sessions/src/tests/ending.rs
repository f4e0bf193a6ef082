//! How sessions and guests end.

use super::recorder::Change::{Ended, GuestExpired, Offline, Online};
use super::world::World;
use crate::api::{EndReason, Logout, Refusal, RevokeSession, SessionId};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LOST: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_only_the_callers_session() {
    let world = World::new().await;
    let (mine, _) = world.register("alice").await;
    let (other, _) = world
        .login("alice", super::accounts::PASSWORD)
        .await
        .unwrap();
    let caller = world.authenticate(&mine).await.unwrap();
    world
        .ask(Logout {
            caller: caller.clone(),
        })
        .await
        .unwrap();
    assert_eq!(world.changes(), [Ended(caller.session, EndReason::Logout)]);
    assert_eq!(world.token(&mine).await.unwrap_err(), Refusal::TokenInvalid);
    assert_eq!(world.authenticate(&mine).await, Err(Refusal::TokenInvalid));
    assert!(world.authenticate(&other).await.is_ok());
    world.ask(Logout { caller }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_can_be_revoked_from_another() {
    let world = World::new().await;
    let (mine, _) = world.register("alice").await;
    let (lost, _) = world
        .login("alice", super::accounts::PASSWORD)
        .await
        .unwrap();
    let caller = world.authenticate(&mine).await.unwrap();
    let gone = world.authenticate(&lost).await.unwrap().session;
    let revoke = || RevokeSession {
        caller: caller.clone(),
        session: gone.to_string(),
    };
    world.ask(revoke()).await.unwrap();
    assert_eq!(world.changes(), [Ended(gone, EndReason::Revoked)]);
    assert_eq!(world.token(&lost).await.unwrap_err(), Refusal::TokenInvalid);
    let lines = world.sessions(caller.clone()).await;
    assert_eq!(lines.len(), 1);
    world.ask(revoke()).await.unwrap();
    assert_eq!(world.changes(), [], "a repeat changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_others_cannot_be_revoked() {
    let world = World::new().await;
    let (_, alice) = world.guest("alice").await;
    let (_, bob) = world.guest("bob").await;
    let foreign = bob.caller.session.to_string();
    for session in [
        foreign,
        SessionId([0; 16]).to_string(),
        "x".into(),
        String::new(),
    ] {
        let refused = world
            .ask(RevokeSession {
                caller: alice.caller.clone(),
                session,
            })
            .await;
        let refused = refused.unwrap_err();
        assert!(
            matches!(
                refused,
                Refusal::BadRequest {
                    field: "session",
                    ..
                }
            ),
            "{refused:?}"
        );
    }
    assert!(world.authenticate(&bob.token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_unseen_for_long_ends() {
    let world = World::new().await;
    let (token, _) = world.register("alice").await;
    let session = world.authenticate(&token).await.unwrap().session;
    world.write_seen().await;
    world.clock.advance(30 * DAY);
    world.expire().await;
    assert_eq!(world.changes(), []);
    world.clock.advance(Duration::from_millis(1));
    world.expire().await;
    assert_eq!(world.changes(), [Ended(session, EndReason::Expired)]);
    assert_eq!(
        world.token(&token).await.unwrap_err(),
        Refusal::TokenInvalid
    );
    world
        .login("alice", super::accounts::PASSWORD)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_ends_no_session() {
    let world = World::new().await;
    let (token, _) = world.register("alice").await;
    let session = world.authenticate(&token).await.unwrap().session;
    world.write_seen().await;
    world.store_current_time().await;
    // For a process that has just started, the clock is two months ahead.
    world.clock.advance(60 * DAY);
    world.expire().await;
    assert_eq!(world.changes(), []);
    for _ in 0..24 {
        world.clock.advance(DAY / 24);
        world.expire().await;
    }
    let ended = [Ended(session, EndReason::Expired)];
    assert_eq!(world.changes(), ended, "it has run evenly for a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_guest_does_not_expire() {
    let world = World::new().await;
    world.guest("alice").await;
    world.changes();
    world.clock.advance(100 * DAY);
    world.expire().await;
    assert_eq!(world.changes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_unseen_for_a_week_expires() {
    let world = World::new().await;
    let (connection, welcome) = world.guest("alice").await;
    let alice = welcome.caller.user.id;
    world.clock.advance(DAY);
    world.disconnect(connection, false).await;
    world.pass(LOST).await;
    assert_eq!(world.changes(), [Online(alice), Offline(alice)]);
    world.clock.advance(7 * DAY);
    world.expire().await;
    assert_eq!(world.changes(), []);
    world.clock.advance(Duration::from_millis(1));
    world.expire().await;
    assert_eq!(world.changes(), [GuestExpired(alice)]);
    world.end_guest(alice).await;
    assert_eq!(
        world.changes(),
        [Ended(welcome.caller.session, EndReason::Expired)]
    );
    assert_eq!(
        world.token(&welcome.token).await.unwrap_err(),
        Refusal::TokenInvalid
    );
    world.expire().await;
    assert_eq!(world.changes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_connected_is_not_ended() {
    let world = World::new().await;
    let (_, welcome) = world.guest("alice").await;
    world.end_guest(welcome.caller.user.id).await;
    assert_eq!(world.authenticate(&welcome.token).await, Ok(welcome.caller));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_not_ended_as_a_guest() {
    let world = World::new().await;
    let (token, user) = world.register("alice").await;
    world.end_guest(user.id).await;
    assert!(world.authenticate(&token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_ended_long_ago_are_forgotten() {
    let world = World::new().await;
    let (token, _) = world.register("alice").await;
    let caller = world.authenticate(&token).await.unwrap();
    world
        .ask(Logout {
            caller: caller.clone(),
        })
        .await
        .unwrap();
    let revoke = || {
        let session = caller.session.to_string();
        world.ask(RevokeSession {
            caller: caller.clone(),
            session,
        })
    };
    world.expire().await;
    assert_eq!(revoke().await, Ok(()), "still known");
    world.clock.advance(DAY + Duration::from_secs(1));
    world.expire().await;
    assert!(revoke().await.is_err());
}
