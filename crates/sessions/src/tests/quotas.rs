//! Limits per network and per user.

use super::recorder::Change;
use super::world::World;
use crate::Settings;
use crate::api::{
    ChangePassword, EndReason, ListSessions, Login, Proof, Refusal, Register, RevokeSession, Token,
    User,
};
use std::time::Duration;

const PASSWORD: &str = super::accounts::PASSWORD;

async fn world(settings: Settings) -> World {
    World::with(Settings {
        attempts_per_network: 10_000,
        ..settings
    })
    .await
}

fn limit(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::LimitReached { limit } => Some(limit),
        _ => None,
    }
}

impl World {
    async fn log_in(&self, from: &str) -> Result<(Token, User), Refusal> {
        self.ask(Login {
            name: "alice".into(),
            password: "a guess at it".into(),
            device: None,
            from: from.into(),
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_guests_are_limited_per_network() {
    let world = world(Settings {
        guests_per_network: 2,
        ..Settings::default()
    })
    .await;
    world.guest("a").await;
    world.guest("b").await;
    let refused = world.hello(Proof::Guest("c".into())).await.unwrap_err();
    let Refusal::RateLimited { retry_after_ms } = refused else {
        panic!("{refused:?}")
    };
    world.clock.advance(Duration::from_millis(retry_after_ms));
    world.guest("c").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_accounts_are_limited_per_network() {
    let world = world(Settings {
        accounts_per_network: 1,
        ..Settings::default()
    })
    .await;
    let register = |name: &str, from: &str| Register {
        name: name.into(),
        password: PASSWORD.into(),
        invite: None,
        device: None,
        from: from.into(),
    };
    world.ask(register("alice", "home")).await.unwrap();
    let refused = world.ask(register("bob", "home")).await.unwrap_err();
    assert!(
        matches!(refused, Refusal::RateLimited { retry_after_ms } if retry_after_ms > 3_000_000),
        "{refused:?}"
    );
    world.ask(register("bob", "work")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_too_many_ends_the_longest_unseen_one() {
    let world = world(Settings {
        sessions_per_person: 3,
        ..Settings::default()
    })
    .await;
    let (first, _) = world.register("alice").await;
    world.clock.advance(Duration::from_secs(1));
    let (second, _) = world.login("alice", PASSWORD).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.authenticate(&first).await.unwrap();
    world.write_seen().await;
    let (third, _) = world.login("alice", PASSWORD).await.unwrap();
    let gone = world.authenticate(&second).await.unwrap().session;
    world.changes();
    let (fourth, _) = world.login("alice", PASSWORD).await.unwrap();
    assert_eq!(world.changes(), [Change::Ended(gone, EndReason::Revoked)]);
    assert_eq!(
        world.authenticate(&second).await,
        Err(Refusal::TokenInvalid)
    );
    for token in [&first, &third, &fourth] {
        world.token(token).await.unwrap();
    }
    let refused = world.login("alice", PASSWORD).await.unwrap_err();
    assert_eq!(limit(&refused), Some("sessions_per_person"));
    for token in [&first, &third, &fourth] {
        assert!(world.authenticate(token).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_come_in_pages_newest_first() {
    let world = world(Settings::default()).await;
    let (token, _) = world.register("alice").await;
    for _ in 0..4 {
        world.clock.advance(Duration::from_millis(1));
        world.login("alice", PASSWORD).await.unwrap();
    }
    let caller = world.authenticate(&token).await.unwrap();
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = world.ask(ListSessions {
            caller: caller.clone(),
            after,
            limit: 2,
        });
        let page = page.await.unwrap();
        assert!(page.sessions.len() <= 2);
        seen.extend(page.sessions.iter().map(|line| line.created_at));
        match page.next {
            Some(next) => after = Some(next.to_string()),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
    let page = world.ask(ListSessions {
        caller,
        after: Some("x".into()),
        limit: 2,
    });
    let refused = page.await.unwrap_err();
    assert!(
        matches!(refused, Refusal::BadRequest { field: "after", .. }),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_sessions_can_be_revoked_at_once() {
    let world = world(Settings::default()).await;
    let (mine, _) = world.register("alice").await;
    let (other, _) = world.login("alice", PASSWORD).await.unwrap();
    let (third, _) = world.login("alice", PASSWORD).await.unwrap();
    let caller = world.authenticate(&mine).await.unwrap();
    let others = || RevokeSession {
        caller: caller.clone(),
        session: "others".into(),
    };
    world.ask(others()).await.unwrap();
    assert_eq!(world.changes().len(), 2);
    for token in [&other, &third] {
        assert_eq!(world.authenticate(token).await, Err(Refusal::TokenInvalid));
    }
    assert!(world.authenticate(&mine).await.is_ok());
    world.ask(others()).await.unwrap();
    assert_eq!(world.changes(), [], "a repeat changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_by_strangers_do_not_prevent_a_password_change() {
    let world = world(Settings {
        attempts_per_name: 2,
        ..Settings::default()
    })
    .await;
    let (token, _) = world.register("alice").await;
    let caller = world.authenticate(&token).await.unwrap();
    let guesses = [world.log_in("afar").await, world.log_in("afar").await];
    let limited = |answer: &Result<(Token, User), Refusal>| {
        matches!(answer, Err(Refusal::RateLimited { .. }))
    };
    assert!(guesses.iter().any(limited), "{guesses:?}");
    let change = |old: &str| ChangePassword {
        caller: caller.clone(),
        old: old.into(),
        new: "battery staple".into(),
    };
    let wrong = world.ask(change("not it, not it")).await;
    assert_eq!(wrong, Err(Refusal::BadCredentials));
    assert_eq!(world.ask(change(PASSWORD)).await, Ok(()));
    let third = world.ask(change("battery staple")).await.unwrap_err();
    assert!(
        matches!(third, Refusal::RateLimited { .. }),
        "a stolen session does not guess without end: {third:?}"
    );
}
