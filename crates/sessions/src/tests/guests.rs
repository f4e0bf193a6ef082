//! Guests, who join with only a name.

use super::world::World;
use crate::Settings;
use crate::api::{Disconnected, Hello, Proof, Refusal};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_joins_with_a_free_name() {
    let world = World::new().await;
    let (_, welcome) = world.guest("Alice").await;
    assert_eq!(&*welcome.caller.user.name, "alice");
    assert!(welcome.caller.user.guest);
    assert!(!welcome.caller.admin);
    assert!(!welcome.resumed);
    assert_eq!(welcome.expires_at, None);
    assert_eq!(welcome.token.0.len(), 43);
    assert_eq!(welcome.epoch, world.database.epoch());
    assert_eq!(welcome.durability, world.database.durability());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_looks_like_a_taken_one_is_taken() {
    let world = World::new().await;
    world.guest("alice").await;
    for (other, suggest) in [
        ("alice", "alice-2"),
        ("Alice", "alice-2"),
        ("\u{430}lice", "\u{430}lice-2"),
    ] {
        let refused = world.hello(Proof::Guest(other.into())).await.unwrap_err();
        let suggest = Some(suggest.to_owned());
        assert_eq!(refused, Refusal::NameTaken { suggest }, "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suggested_name_is_free() {
    let world = World::new().await;
    world.guest("alice").await;
    world.guest("alice-2").await;
    let refused = world.hello(Proof::Guest("alice".into())).await.unwrap_err();
    let Refusal::NameTaken {
        suggest: Some(suggest),
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(suggest, "alice-3");
    world.guest(&suggest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_concurrent_guests_gets_a_name() {
    let world = World::new().await;
    let hellos = ["alice", "Alice", "bob", "\u{430}lice", "alice"].map(|name| {
        let proof = Proof::Guest(name.into());
        let connection = world.connection();
        world.try_ask(Hello {
            proof,
            connection,
            session: None,
            from: "home".into(),
            client: None,
        })
    });
    let answers = futures_util::future::join_all(hellos).await;
    let came_in = answers.iter().flatten().flatten();
    let mut names: Vec<_> = came_in
        .map(|welcome| welcome.caller.user.name.to_string())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"bob".to_owned()), "{names:?}");
    world.bus.quiet().await;
    assert_eq!(world.online().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_guests_gives_each_its_own_answer() {
    let world = World::new().await;
    world.guest("alice").await;
    let answers = world.guests_as_set(&["bob", "alice", "Bob", "carol"]).await;
    let name = |n: usize| {
        answers[n]
            .as_ref()
            .map(|welcome| &*welcome.caller.user.name)
    };
    let taken = |suggest: &str| Refusal::NameTaken {
        suggest: Some(suggest.to_owned()),
    };
    assert_eq!(name(0), Ok("bob"));
    assert_eq!(name(1), Err(&taken("alice-2")));
    assert_eq!(name(2), Err(&taken("bob-2")));
    assert_eq!(name(3), Ok("carol"));
    for welcome in answers.iter().flatten() {
        assert!(world.token(&welcome.token).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_name_is_a_bad_request() {
    let world = World::new().await;
    for name in ["", " ", "a b", "@alice", "a\0b"] {
        let refused = world.hello(Proof::Guest(name.into())).await.unwrap_err();
        assert!(
            matches!(refused, Refusal::BadRequest { field: "guest", .. }),
            "{name:?}"
        );
    }
    assert_eq!(world.online().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_can_be_off() {
    let world = World::with(Settings {
        guests: false,
        ..Settings::default()
    })
    .await;
    let refused = world.hello(Proof::Guest("alice".into())).await.unwrap_err();
    assert_eq!(refused, Refusal::GuestsOff);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_guest_frees_its_name() {
    let world = World::new().await;
    let (connection, first) = world.guest("alice").await;
    world.disconnect(connection, true).await;
    world.pass(Duration::from_secs(2)).await;
    world.end_guest(first.caller.user.id).await;
    let (_, second) = world.guest("alice").await;
    assert_ne!(second.caller.user.id, first.caller.user.id);
    let known = world.by_id(&[first.caller.user.id]).await;
    assert_eq!(known.len(), 1, "what it wrote still has an author");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_says_hello_as_a_guest_once() {
    let world = World::new().await;
    let (connection, _) = world.guest("alice").await;
    let refused = world
        .hello_on(connection, Proof::Guest("bob".into()))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, Refusal::BadRequest { field: "guest", .. }),
        "{refused:?}"
    );
    assert_eq!(world.online().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_name_is_one_short_line() {
    let world = World::new().await;
    let client = Some(format!(" my\n{} ", "x".repeat(100)));
    let proof = Proof::Guest("alice".into());
    let connection = world.connection();
    let welcome = world
        .ask(Hello {
            proof,
            connection,
            session: None,
            from: "home".into(),
            client,
        })
        .await
        .unwrap();
    let lines = world.sessions(welcome.caller).await;
    assert_eq!(lines[0].device, Some(format!("my{}", "x".repeat(61))));
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_an_unknown_connection_changes_nothing() {
    let world = World::new().await;
    world
        .ask(Disconnected {
            connection: world.connection(),
            clean: true,
        })
        .await;
    assert_eq!(world.changes(), []);
}
