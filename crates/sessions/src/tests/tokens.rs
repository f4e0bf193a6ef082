//! Resuming a session with a token.

use super::world::World;
use crate::api::{Hello, Proof, Refusal, Token};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn a_token_resumes_its_session() {
    let world = World::new().await;
    let (_, first) = world.guest("alice").await;
    let (_, second) = world.token(&first.token).await.unwrap();
    assert_eq!(second.caller, first.caller);
    assert_eq!(
        second.token, first.token,
        "the same for the life of the session"
    );
    assert!(second.resumed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_outlives_the_server() {
    let world = World::new().await;
    let (_, first) = world.guest("alice").await;
    let world = world.crashed().await;
    let (_, second) = world.token(&first.token).await.unwrap();
    assert_eq!(second.caller, first.caller);
    let world = world.restarted().await;
    assert!(world.token(&first.token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_token_is_refused() {
    let world = World::new().await;
    let (_, welcome) = world.guest("alice").await;
    let mut other = welcome.token.0.clone();
    other.pop();
    for token in [String::new(), "\0".into(), "x".repeat(43), other] {
        let refused = world.token(&Token(token)).await.unwrap_err();
        assert_eq!(refused, Refusal::TokenInvalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_knows_no_token() {
    let world = World::new().await;
    let (_, welcome) = world.guest("alice").await;
    assert!(!world.stored_text().await.contains(&welcome.token.0));
    assert!(!format!("{welcome:?}").contains(&welcome.token.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_hellos_at_once_get_their_own_sessions() {
    let world = World::new().await;
    let mut tokens = Vec::new();
    for n in 0..20 {
        tokens.push((world.guest(&format!("guest-{n}x")).await.1, true));
    }
    let (_, gone) = world.guest("gone").await;
    world
        .ask(crate::api::Logout {
            caller: gone.caller.clone(),
        })
        .await
        .unwrap();
    tokens.push((gone, false));
    let hellos = tokens.iter().map(|(welcome, _)| {
        let proof = Proof::Token(welcome.token.clone());
        world.try_ask(Hello {
            proof,
            connection: world.connection(),
            session: None,
            from: "home".into(),
            client: None,
        })
    });
    let answers = futures_util::future::join_all(hellos).await;
    for ((before, living), answer) in tokens.iter().zip(answers) {
        match answer.unwrap() {
            Ok(welcome) => assert!(*living && welcome.caller == before.caller),
            Err(refusal) => assert!(!living && refusal == Refusal::TokenInvalid),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_gives_each_its_own_answer() {
    let world = World::new().await;
    let (_, alice) = world.guest("alice").await;
    let (_, bob) = world.guest("bob").await;
    let tokens = [
        &alice.token,
        &Token("unknown".into()),
        &bob.token,
        &alice.token,
    ];
    let answers = world.open_as_set(&tokens).await;
    let who = |n: usize| answers[n].as_ref().map(|welcome| welcome.caller.user.id);
    assert_eq!(who(0), Ok(alice.caller.user.id));
    assert_eq!(who(1), Err(&Refusal::TokenInvalid));
    assert_eq!(who(2), Ok(bob.caller.user.id));
    assert_eq!(who(3), Ok(alice.caller.user.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_hello_is_the_same_hello() {
    let world = World::new().await;
    let (connection, first) = world.guest("alice").await;
    let again = world
        .hello_on(connection, Proof::Token(first.token.clone()))
        .await
        .unwrap();
    assert_eq!(again.caller, first.caller);
    let (_, bob) = world.guest("bob").await;
    let refused = world
        .hello_on(connection, Proof::Token(bob.token))
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::BadCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_is_known_by_its_token() {
    let world = World::new().await;
    let (_, welcome) = world.guest("alice").await;
    assert_eq!(world.authenticate(&welcome.token).await, Ok(welcome.caller));
    let refused = world.authenticate(&Token("unknown".into())).await;
    assert_eq!(refused, Err(Refusal::TokenInvalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_only_used_over_http_stays_alive() {
    let world = World::new().await;
    let (token, user) = world.register("alice").await;
    for _ in 0..3 {
        world.clock.advance(20 * DAY);
        world.authenticate(&token).await.unwrap();
        world.write_seen().await;
        world.expire().await;
    }
    let caller = world.authenticate(&token).await.unwrap();
    assert_eq!(caller.user.id, user.id);
    assert_eq!(world.sessions(caller).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_storm_takes_few_transactions() {
    const PEOPLE: u64 = 300;
    let world = World::new().await;
    let hello = |world: &World, proof| {
        let connection = world.connection();
        let bus = world.bus.clone();
        async move {
            let hello = Hello {
                proof,
                connection,
                session: None,
                from: "home".into(),
                client: None,
            };
            bus.ask(hello, Duration::from_secs(60))
                .await
                .unwrap()
                .unwrap()
        }
    };
    let guests = (0..PEOPLE).map(|n| hello(&world, Proof::Guest(format!("guest-{n}x"))));
    let guests = futures_util::future::join_all(guests).await;
    let world = world.crashed().await;
    let before = world.bus.metrics().published;
    let back = guests
        .iter()
        .map(|guest| hello(&world, Proof::Token(guest.token.clone())));
    let back = futures_util::future::join_all(back).await;
    assert!(
        back.iter()
            .zip(&guests)
            .all(|(back, guest)| back.caller == guest.caller)
    );
    // Each transaction publishes one event.
    let transactions = world.bus.metrics().published - before;
    assert!(transactions < PEOPLE / 3, "{transactions}");
}
