//! Accounts with passwords.

use super::recorder::Change;
use super::world::World;
use crate::api::{Caller, ChangePassword, EndReason, Login, Proof, Refusal, Register, Token, User};
use crate::hasher::Hasher;
use crate::jobs::{SessionCredentials, SignUp};
use crate::name::Name;
use crate::{InviteCode, Registration, Settings, SystemRandom, random};
use bus::{Clock as _, Reads as _, TraceId};
use std::time::Duration;

pub(super) const PASSWORD: &str = "correct horse";

impl World {
    pub(super) async fn register(&self, name: &str) -> (Token, User) {
        self.try_register(name, PASSWORD, None).await.unwrap()
    }

    pub(super) async fn try_register(
        &self,
        name: &str,
        password: &str,
        invite: Option<&str>,
    ) -> Result<(Token, User), Refusal> {
        let (name, password) = (name.into(), password.into());
        let invite = invite.map(str::to_owned);
        self.ask(Register {
            name,
            password,
            invite,
            device: None,
            from: "home".into(),
        })
        .await
    }

    pub(super) async fn login(&self, name: &str, password: &str) -> Result<(Token, User), Refusal> {
        self.login_from("home", name, password).await
    }

    async fn login_from(
        &self,
        from: &str,
        name: &str,
        password: &str,
    ) -> Result<(Token, User), Refusal> {
        let (name, password, from) = (name.into(), password.into(), from.into());
        let device = Some("phone".into());
        self.ask(Login {
            name,
            password,
            device,
            from,
        })
        .await
    }

    async fn change(&self, caller: &Caller, old: &str, new: &str) -> Result<(), Refusal> {
        let (caller, old, new) = (caller.clone(), old.into(), new.into());
        self.ask(ChangePassword { caller, old, new }).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_registered_and_logged_in_to() {
    let world = World::new().await;
    let (first, user) = world.register("Alice").await;
    assert_eq!(&*user.name, "alice");
    assert!(!user.guest);
    let (second, same) = world.login("ALICE", PASSWORD).await.unwrap();
    assert_eq!(same, user);
    assert_ne!(second, first);
    let (_, welcome) = world.token(&second).await.unwrap();
    assert_eq!(welcome.caller.user, user);
    let lines = world.sessions(welcome.caller).await;
    let devices: Vec<_> = lines.iter().map(|line| line.device.as_deref()).collect();
    assert_eq!(devices.len(), 2);
    assert!(devices.contains(&Some("phone")));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_guests_share_their_names() {
    let world = World::new().await;
    world.guest("alice").await;
    let refused = world
        .try_register("Alice", PASSWORD, None)
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        Refusal::NameTaken {
            suggest: Some("alice-2".into())
        }
    );
    world.register("bob").await;
    let refused = world.hello(Proof::Guest("Bob".into())).await.unwrap_err();
    assert_eq!(
        refused,
        Refusal::NameTaken {
            suggest: Some("bob-2".into())
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_name_get_one_answer() {
    let world = World::new().await;
    world.register("alice").await;
    world.guest("carol").await;
    for name in ["alice", "nobody", "carol", "no name", "@alice"] {
        for password in ["wrong password", "", "short"] {
            let from = format!("{name} {password}");
            let refused = world.login_from(&from, name, password).await.unwrap_err();
            assert_eq!(refused, Refusal::BadCredentials, "{name} {password}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_takes_as_much_work_as_a_known_one() {
    let world = World::new().await;
    world.register("alice").await;
    world.guest("carol").await;
    let queries = crate::Queries::new(&world.deps);
    for name in ["alice", "nobody", "carol", "no name"] {
        let before = queries.verified();
        let password = "wrong password".to_owned();
        let request = Login {
            name: name.into(),
            password,
            device: None,
            from: name.into(),
        };
        let answer = queries.read(request, TraceId::random()).await.unwrap();
        assert_eq!(answer.unwrap_err(), Refusal::BadCredentials);
        assert_eq!(queries.verified(), before + 1, "{name}");
    }
}

/// An account whose password an older server hashed as it was typed.
async fn old_account(world: &World, name: &str, typed: &str) {
    let now = world.clock.wall_ms();
    let hasher = Hasher::new(1, 1);
    let hash = hasher.hash("home", typed.to_owned(), [7; 16]);
    let job = SignUp {
        name: Name::parse(name).unwrap(),
        hash: hash.await.unwrap(),
        user: random::user_id(&SystemRandom, now),
        credentials: SessionCredentials::new(&SystemRandom, now),
        device: None,
        now,
    };
    let written = world.database.write(job, Duration::from_secs(60)).await;
    written.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_logins_at_once_with_an_old_hash_are_both_accepted() {
    const TYPED: &str = "cafe\u{301} creme";
    let world = World::new().await;
    old_account(&world, "alice", TYPED).await;
    let (one, other) = tokio::join!(world.login("alice", TYPED), world.login("alice", TYPED));
    assert_ne!(one.unwrap().0, other.unwrap().0);
    assert!(world.login("alice", "caf\u{e9} creme").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_names_have_limits() {
    let world = World::with(Settings {
        attempts_per_network: 100,
        ..Settings::default()
    })
    .await;
    for password in ["", "1234567", &"x".repeat(257)] {
        let refused = world
            .try_register("alice", password, None)
            .await
            .unwrap_err();
        assert!(
            matches!(
                refused,
                Refusal::BadRequest {
                    field: "password",
                    ..
                }
            ),
            "{refused:?}"
        );
    }
    for name in ["", "@x", "a b", "a\0b", &"a".repeat(33)] {
        let refused = world.try_register(name, PASSWORD, None).await.unwrap_err();
        assert!(
            matches!(refused, Refusal::BadRequest { field: "name", .. }),
            "{name:?}"
        );
    }
    world.try_register("alice", "12345678", None).await.unwrap();
    world
        .try_register("bob", &"x".repeat(256), None)
        .await
        .unwrap();
    world.login("bob", &"x".repeat(256)).await.unwrap();
    let refused = world.login("bob", &"x".repeat(257)).await.unwrap_err();
    assert_eq!(refused, Refusal::BadCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_can_be_by_invitation_or_off() {
    let with = |registration| Settings {
        registration,
        ..Settings::default()
    };
    let world = World::with(with(Registration::Off)).await;
    let refused = world
        .try_register("alice", PASSWORD, None)
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::Forbidden);
    let world = World::with(Settings {
        invite_code: Some(InviteCode("open sesame".into())),
        ..with(Registration::Invite)
    })
    .await;
    for invite in [None, Some(""), Some("open")] {
        let refused = world
            .try_register("alice", PASSWORD, invite)
            .await
            .unwrap_err();
        assert_eq!(refused, Refusal::Forbidden);
    }
    world
        .try_register("alice", PASSWORD, Some("open sesame"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_by_name_and_by_network() {
    let settings = Settings {
        attempts_per_name: 2,
        attempts_per_network: 3,
        ..Settings::default()
    };
    let world = World::with(settings).await;
    let limited = |answer| match answer {
        Err(Refusal::RateLimited { retry_after_ms }) => retry_after_ms,
        other => panic!("{other:?}"),
    };
    for from in ["a", "b"] {
        assert_eq!(
            world.login_from(from, "alice", "x").await,
            Err(Refusal::BadCredentials)
        );
    }
    let retry_after_ms = limited(world.login_from("c", "Alice", "x").await);
    for name in ["bob", "carol"] {
        assert_eq!(
            world.login_from("a", name, "x").await,
            Err(Refusal::BadCredentials)
        );
    }
    limited(world.login_from("a", "dave", "x").await);
    world.clock.advance(Duration::from_millis(retry_after_ms));
    assert_eq!(
        world.login_from("d", "alice", "x").await,
        Err(Refusal::BadCredentials)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_other_sessions() {
    let world = World::new().await;
    let (mine, _) = world.register("alice").await;
    let (others, _) = world.login("alice", PASSWORD).await.unwrap();
    let caller = world.authenticate(&mine).await.unwrap();
    let other = world.authenticate(&others).await.unwrap();
    world
        .change(&caller, PASSWORD, "battery staple")
        .await
        .unwrap();
    assert_eq!(
        world.changes(),
        [Change::Ended(other.session, EndReason::Revoked)]
    );
    assert!(world.authenticate(&mine).await.is_ok());
    assert_eq!(
        world.authenticate(&others).await,
        Err(Refusal::TokenInvalid)
    );
    assert_eq!(
        world.login("alice", PASSWORD).await,
        Err(Refusal::BadCredentials)
    );
    world.login("alice", "battery staple").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_the_password_needs_the_old_one() {
    let world = World::new().await;
    let (token, _) = world.register("alice").await;
    let caller = world.authenticate(&token).await.unwrap();
    let refused = world
        .change(&caller, "wrong password", "battery staple")
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::BadCredentials);
    let refused = world.change(&caller, PASSWORD, "short").await.unwrap_err();
    assert!(
        matches!(refused, Refusal::BadRequest { field: "new", .. }),
        "{refused:?}"
    );
    let (_, guest) = world.guest("bob").await;
    let refused = world
        .change(&guest.caller, PASSWORD, "battery staple")
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::NotAllowedForGuests);
    world.login("alice", PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_knows_no_password() {
    let world = World::new().await;
    world.register("alice").await;
    assert!(!world.stored_text().await.contains(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_passwords_at_once_are_refused() {
    let settings = Settings {
        hashes_at_once: 1,
        hashes_waiting: 0,
        ..Settings::default()
    };
    let world = World::with(settings).await;
    let login = |name: &'static str| world.try_login(name);
    let answers = tokio::join!(login("alice"), login("bob"), login("carol"), login("dave"));
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
    let hashed = refusals.clone().filter(|r| **r == Refusal::BadCredentials);
    let refused = refusals.filter(|refusal| match refusal {
        Refusal::Overloaded { retry_after_ms } => *retry_after_ms >= 500,
        _ => false,
    });
    let (hashed, refused) = (hashed.count(), refused.count());
    assert!(
        hashed >= 1 && refused >= 1 && hashed + refused == 4,
        "{answers:?}"
    );
}

impl World {
    /// Logs in without waiting for the bus to be quiet.
    async fn try_login(&self, name: &str) -> Result<(Token, User), Refusal> {
        let (name, password) = (name.to_owned(), "x".to_owned());
        let from = name.clone();
        self.try_ask(Login {
            name,
            password,
            device: None,
            from,
        })
        .await
        .unwrap()
    }
}
