//! Guests who become accounts.

use super::accounts::PASSWORD;
use super::recorder::Change;
use super::world::World;
use crate::Settings;
use crate::api::{Caller, Refusal, UpgradeGuest, Upgraded};
use std::time::Duration;

impl World {
    async fn upgrade(
        &self,
        caller: &Caller,
        name: Option<&str>,
        password: &str,
    ) -> Result<Upgraded, Refusal> {
        self.ask(UpgradeGuest {
            caller: caller.clone(),
            name: name.map(str::to_owned),
            password: password.to_owned(),
            invite: None,
            from: "home".into(),
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_becomes_the_account_and_keeps_its_session() {
    let world = World::new().await;
    let (_, alice) = world.guest("alice").await;
    let upgraded = world.upgrade(&alice.caller, Some("Alicia"), PASSWORD).await;
    let upgraded = upgraded.unwrap();
    assert_eq!(upgraded.user.id, alice.caller.user.id);
    assert_eq!(
        (&*upgraded.user.name, upgraded.user.guest),
        ("alicia", false)
    );
    let changes = world.changes();
    assert!(changes.contains(&Change::Upgraded(vec![upgraded.user.id])));
    assert!(changes.contains(&Change::Renamed("alicia".into(), None)));
    let (_, back) = world.token(&alice.token).await.unwrap();
    assert_eq!(back.caller.session, alice.caller.session);
    assert_eq!(back.caller.user, upgraded.user);
    assert!(world.login("alicia", PASSWORD).await.is_ok());
    let (_, other) = world.guest("alice").await;
    assert_ne!(
        other.caller.user.id, upgraded.user.id,
        "the old name is free"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_known_by_the_password_and_the_name() {
    let world = World::new().await;
    let (_, guest) = world.guest("alice").await;
    let guest = guest.caller;
    let first = world.upgrade(&guest, None, PASSWORD).await.unwrap();
    let again = Upgraded { dup: true, ..first };
    // As a guest, for the answer was lost, and as the account.
    let account = Caller {
        user: again.user.clone(),
        ..guest.clone()
    };
    for caller in [&guest, &account] {
        for name in [None, Some("ALICE")] {
            let repeated = world.upgrade(caller, name, PASSWORD).await;
            assert_eq!(repeated, Ok(again.clone()));
        }
        let renamed = world.upgrade(caller, Some("alicia"), PASSWORD).await;
        assert_eq!(renamed, Err(Refusal::Forbidden));
        let other = world.upgrade(caller, None, "another password").await;
        assert_eq!(other, Err(Refusal::Forbidden));
    }
    let (_, registered) = world.register("bob").await;
    let bob = Caller {
        user: registered,
        ..guest
    };
    let wrong = world.upgrade(&bob, None, "not the password").await;
    assert_eq!(wrong, Err(Refusal::Forbidden));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_leaves_the_guest_as_it_was() {
    let world = World::new().await;
    world.register("bob").await;
    let (_, alice) = world.guest("alice").await;
    let refused = world.upgrade(&alice.caller, Some("bob"), PASSWORD).await;
    let suggest = Some("bob-2".to_owned());
    assert_eq!(refused, Err(Refusal::NameTaken { suggest }));
    let user = alice.caller.user.id;
    assert!(world.by_id(&[user]).await[&user].guest);
    assert!(world.upgrade(&alice.caller, None, PASSWORD).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_not_guessed_by_upgrading() {
    let world = World::new().await;
    let (_, alice) = world.guest("alice").await;
    world.upgrade(&alice.caller, None, PASSWORD).await.unwrap();
    let mut guesses = 0;
    while world.upgrade(&alice.caller, None, "a guess at it").await == Err(Refusal::Forbidden) {
        guesses += 1;
    }
    assert!(guesses < 10, "{guesses}");
    let limited = world.upgrade(&alice.caller, None, PASSWORD).await;
    assert!(
        matches!(limited, Err(Refusal::RateLimited { .. })),
        "{limited:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_a_guest_does_not_expire_as_one() {
    let world = World::with(Settings {
        guest_unseen: Duration::from_secs(60),
        ..Settings::default()
    })
    .await;
    let (connection, alice) = world.guest("alice").await;
    let (gone, bob) = world.guest("bob").await;
    world.upgrade(&alice.caller, None, PASSWORD).await.unwrap();
    for connection in [connection, gone] {
        world.disconnect(connection, true).await;
    }
    world.pass(Duration::from_secs(2)).await;
    world.clock.advance(Duration::from_secs(120));
    world.expire().await;
    let expired = Change::GuestExpired(bob.caller.user.id);
    let changes = world.changes();
    assert!(changes.contains(&expired));
    assert!(!changes.contains(&Change::GuestExpired(alice.caller.user.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_may_have_lost_is_published_at_the_next_start() {
    let world = World::new().await;
    let (_, alice) = world.guest("alice").await;
    world.upgrade(&alice.caller, None, PASSWORD).await.unwrap();
    let world = world.crashed().await;
    world.publish_upgraded().await;
    let upgraded = Change::Upgraded(vec![alice.caller.user.id]);
    assert!(world.changes().contains(&upgraded));
}
