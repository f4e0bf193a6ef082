//! Accounts that belong to a part of the server.

use super::accounts::PASSWORD;
use super::world::World;
use crate::api::operator::EraseAccount;
use crate::api::{
    Caller, ChangePassword, DeleteAccount, Logout, OpenServiceAccount, Refusal, RevokeSession,
    SessionId,
};
use crate::sweep::Sweep;
use std::time::Duration;

const YEARS: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

impl World {
    async fn open_service(&self, service: &'static str, name: &str) -> Result<Caller, Refusal> {
        self.ask(OpenServiceAccount {
            service,
            name: name.to_owned(),
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_gets_the_same_account_whenever_it_asks() {
    let world = World::new().await;
    let first = world.open_service("greeter", "Greeter").await.unwrap();
    assert_eq!(&*first.user.name, "greeter");
    assert!(!first.user.guest && !first.admin);
    assert_eq!(first.session, SessionId::NONE);
    for name in ["Greeter", "greeter", "Gr\u{435}eter"] {
        assert_eq!(world.open_service("greeter", name).await, Ok(first.clone()));
    }
    let second = world.open_service("greeter", "herald").await.unwrap();
    assert_ne!(second.user.id, first.user.id, "a service may have several");
    let world = world.restarted().await;
    assert_eq!(world.open_service("greeter", "greeter").await, Ok(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_has_is_never_taken_over() {
    let world = World::new().await;
    world.register("alice").await;
    world.guest("bob").await;
    world.open_service("greeter", "herald").await.unwrap();
    for (name, suggest) in [
        ("alice", "alice-2"),
        ("\u{430}lice", "\u{430}lice-2"),
        ("bob", "bob-2"),
        ("herald", "herald-2"),
    ] {
        let suggest = Some(suggest.to_owned());
        assert_eq!(
            world.open_service("webhooks", name).await,
            Err(Refusal::NameTaken { suggest }),
            "{name}"
        );
    }
    assert!(world.login("alice", PASSWORD).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_must_be_valid() {
    let world = World::new().await;
    for name in ["", "two words", "@", "x\0", &"x".repeat(33)] {
        let refused = world.open_service("greeter", name).await.unwrap_err();
        assert!(
            matches!(refused, Refusal::BadRequest { field: "name", .. }),
            "{name:?}: {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_its_name_or_signs_in_as_it() {
    let world = World::new().await;
    let caller = world.open_service("greeter", "greeter").await.unwrap();
    let registered = world.try_register("Greeter", PASSWORD, None).await;
    assert!(
        matches!(registered, Err(Refusal::NameTaken { .. })),
        "{registered:?}"
    );
    let guest = world
        .hello(crate::api::Proof::Guest("greeter".into()))
        .await;
    assert!(
        matches!(guest, Err(Refusal::NameTaken { .. })),
        "{:?}",
        guest.err()
    );
    for password in ["", PASSWORD] {
        assert_eq!(
            world.login("greeter", password).await.unwrap_err(),
            Refusal::BadCredentials
        );
        let changed = world.ask(ChangePassword {
            caller: caller.clone(),
            old: password.into(),
            new: PASSWORD.into(),
        });
        assert_eq!(changed.await, Err(Refusal::BadCredentials));
        let deleted = world.ask(DeleteAccount {
            caller: caller.clone(),
            password: password.into(),
        });
        assert_eq!(deleted.await, Err(Refusal::BadCredentials));
    }
    assert_eq!(
        world.open_service("greeter", "greeter").await,
        Ok(caller),
        "nothing has changed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_no_session_to_list_or_to_end() {
    let world = World::new().await;
    let caller = world.open_service("greeter", "greeter").await.unwrap();
    assert!(world.sessions(caller.clone()).await.is_empty());
    let (connection, guest) = world.guest("bob").await;
    let logout = Logout {
        caller: caller.clone(),
    };
    world.ask(logout).await.unwrap();
    for session in ["others".to_owned(), SessionId::NONE.to_string()] {
        let revoke = RevokeSession {
            caller: caller.clone(),
            session: session.clone(),
        };
        assert_eq!(world.ask(revoke).await.is_ok(), session == "others");
    }
    assert_eq!(
        world.open_service("greeter", "greeter").await,
        Ok(caller.clone())
    );
    assert!(world.online().contains(guest.caller.user.id));
    assert!(!world.online().contains(caller.user.id));
    world.disconnect(connection, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_every_sweep_and_expiry() {
    let world = World::new().await;
    let caller = world.open_service("greeter", "greeter").await.unwrap();
    world.store_current_time().await;
    let sweep = Sweep::new(&world.bus, &world.deps);
    for _ in 0..3 {
        world.pass(YEARS).await;
        world.store_current_time().await;
        world.expire().await;
        world.sweep(&sweep).await;
    }
    assert_eq!(world.changes(), []);
    assert_eq!(world.open_service("greeter", "greeter").await, Ok(caller));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_can_promote_it_and_delete_it() {
    let world = World::new().await;
    let before = world.open_service("greeter", "greeter").await.unwrap();
    assert!(world.grant_admin("greeter").await);
    let promoted = world.open_service("greeter", "greeter").await.unwrap();
    assert!(promoted.admin && promoted.user == before.user);
    let erase = EraseAccount {
        name: "Greeter".into(),
    };
    assert_eq!(world.write(erase).await, Ok(true));
    assert_eq!(
        &*world.by_id(&[before.user.id]).await[&before.user.id].name,
        "deleted user"
    );
    assert!(world.by_name(&["greeter"]).await.is_empty());
    let after = world.open_service("greeter", "greeter").await.unwrap();
    assert!(after.user.id != before.user.id && !after.admin);
    let (_, person) = {
        let erase = EraseAccount {
            name: "greeter".into(),
        };
        assert_eq!(world.write(erase).await, Ok(true));
        world.register("greeter").await
    };
    assert!(
        world.open_service("greeter", "greeter").await.is_err(),
        "now {person:?} has the name"
    );
}
