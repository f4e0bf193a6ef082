//! Users with a signed identity.

use super::recorder::Change;
use super::world::World;
use crate::api::{ConnectionId, Logout, Proof, Refusal, Token, Welcome};
use crate::sweep::Sweep;
use crate::tests::manual_clock::ManualClock;
use crate::{JwtKey, JwtSettings, Settings};
use serde_json::json;
use std::time::Duration;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const HOUR: Duration = Duration::from_secs(3600);
const ALMOST_HOUR: Duration = Duration::from_millis(3_599_999);

async fn world() -> World {
    let keys = vec![JwtKey::hs256(SECRET).unwrap()];
    let jwt = JwtSettings {
        keys,
        ..JwtSettings::default()
    };
    World::with(Settings {
        jwt,
        ..Settings::default()
    })
    .await
}

/// Returns an identity that expires this many seconds after the clock's start.
fn jwt(subject: &str, name: &str, seconds: i64) -> String {
    let exp = ManualClock::START_MS / 1000 + seconds;
    let claims = json!({"iss": "https://id.example", "sub": subject, "name": name, "exp": exp});
    crate::jws::sign(r#"{"alg":"HS256"}"#, &claims.to_string(), SECRET)
}

fn at(seconds: i64) -> i64 {
    ManualClock::START_MS + seconds * 1000
}

impl World {
    async fn jwt(
        &self,
        jwt: String,
        token: Option<&Token>,
    ) -> Result<(ConnectionId, Welcome), Refusal> {
        self.hello(Proof::Jwt {
            jwt,
            token: token.cloned(),
        })
        .await
    }

    async fn jwt_on(&self, connection: ConnectionId, jwt: String) -> Result<Welcome, Refusal> {
        self.hello_on(connection, Proof::Jwt { jwt, token: None })
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_accepted_until_it_expires() {
    let world = world().await;
    let (_, welcome) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    assert_eq!(&*welcome.caller.user.name, "alice");
    assert!(!welcome.caller.user.guest);
    assert!(!welcome.resumed);
    assert_eq!(welcome.expires_at, Some(at(3600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_subject_of_one_issuer_is_one_user() {
    let world = world().await;
    let (_, first) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    let (_, second) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    assert_eq!(second.caller.user, first.caller.user);
    assert_ne!(second.caller.session, first.caller.session);
    let (_, other) = world.jwt(jwt("u2", "bob", 3600), None).await.unwrap();
    assert_ne!(other.caller.user.id, first.caller.user.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_gets_a_number() {
    let world = world().await;
    world.guest("alice").await;
    let (_, second) = world.jwt(jwt("u1", "Alice", 3600), None).await.unwrap();
    assert_eq!(&*second.caller.user.name, "alice-2");
    let (_, third) = world.jwt(jwt("u2", "alice", 3600), None).await.unwrap();
    assert_eq!(&*third.caller.user.name, "alice-3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_follows_the_identity_provider() {
    let world = world().await;
    let name_of = async |subject, name| {
        let (_, welcome) = world.jwt(jwt(subject, name, 3600), None).await.unwrap();
        (welcome.caller.user.id, welcome.caller.user.name.to_string())
    };
    let (id, first) = name_of("u1", "Alice").await;
    assert_eq!(first, "alice");
    assert_eq!(
        name_of("u1", "Alice Smith").await,
        (id, "alice-smith".to_owned())
    );
    // The old name is free again.
    let (other, theirs) = name_of("u2", "alice").await;
    assert_eq!(theirs, "alice");
    // A taken one gets a number, and keeps it.
    assert_eq!(name_of("u1", "alice").await, (id, "alice-2".to_owned()));
    assert_eq!(name_of("u1", "ALICE").await, (id, "alice-2".to_owned()));
    assert_eq!(name_of("u2", "bob").await, (other, "bob".to_owned()));
    assert_eq!(name_of("u1", "alice").await, (id, "alice".to_owned()));
    // One that looks like their own is no one else's.
    assert_eq!(
        name_of("u1", "\u{430}lice").await,
        (id, "\u{430}lice".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_is_stated_once() {
    let world = world().await;
    world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    let _ = world.changes();
    let (connection, welcome) = world.jwt(jwt("u1", "bob", 3600), None).await.unwrap();
    let name = welcome.caller.user.name;
    assert!(
        world
            .changes()
            .contains(&Change::Renamed(name, Some(connection)))
    );
    world.jwt(jwt("u1", "bob", 3600), None).await.unwrap();
    let changes = world.changes();
    let renamed = |change: &Change| matches!(change, Change::Renamed(..));
    assert!(!changes.iter().any(renamed), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_identity_does_not_bring_the_old_name_back() {
    let world = world().await;
    world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    let (_, renamed) = world.jwt(jwt("u1", "bob", 7200), None).await.unwrap();
    assert_eq!(&*renamed.caller.user.name, "bob");
    let (_, older) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    assert_eq!(&*older.caller.user.name, "bob");
    let caller = renamed.caller;
    world.ask(Logout { caller }).await.unwrap();
    let (_, now) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    assert_eq!(&*now.caller.user.name, "alice", "the newer one has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_followed_even_if_every_short_suffix_is_taken() {
    let world = world().await;
    world.jwt(jwt("u1", "bob", 3600), None).await.unwrap();
    world.guest("alice").await;
    for n in 2..100 {
        world.guest(&format!("alice-{n}")).await;
    }
    let (_, renamed) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    let name = renamed.caller.user.name;
    let suffix: u32 = name.strip_prefix("alice-").unwrap().parse().unwrap();
    assert!(suffix > 99, "{name}");
    let (_, again) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    assert_eq!(again.caller.user.name, name);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_token_alone_resumes_until_it_expires() {
    let world = world().await;
    let (_, first) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    world.clock.advance(ALMOST_HOUR);
    let (_, resumed) = world.token(&first.token).await.unwrap();
    assert_eq!(resumed.caller, first.caller);
    assert_eq!(resumed.expires_at, Some(at(3600)));
    assert!(world.authenticate(&first.token).await.is_ok());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(
        world.token(&first.token).await.unwrap_err(),
        Refusal::TokenExpired
    );
    assert_eq!(
        world.authenticate(&first.token).await,
        Err(Refusal::TokenExpired)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_identity_with_the_token_continues_the_session() {
    let world = world().await;
    let (_, first) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    world.clock.advance(2 * HOUR);
    let newer = jwt("u1", "alice", 3 * 3600);
    let (_, second) = world.jwt(newer, Some(&first.token)).await.unwrap();
    assert_eq!(second.caller, first.caller);
    assert_eq!(second.token, first.token);
    assert!(second.resumed);
    assert_eq!(second.expires_at, Some(at(3 * 3600)));
    assert!(world.token(&first.token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_or_unknown_token_continues_no_session() {
    let world = world().await;
    let (_, guest) = world.guest("bob").await;
    let good = || jwt("u1", "alice", 3600);
    let refused = world.jwt(good(), Some(&guest.token)).await.unwrap_err();
    assert_eq!(refused, Refusal::BadCredentials);
    let refused = world
        .jwt(good(), Some(&Token("unknown".into())))
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::TokenInvalid);
    let (_, mine) = world.jwt(good(), None).await.unwrap();
    world
        .ask(Logout {
            caller: mine.caller,
        })
        .await
        .unwrap();
    let refused = world.jwt(good(), Some(&mine.token)).await.unwrap_err();
    assert_eq!(refused, Refusal::TokenInvalid);
    assert!(
        world.by_name(&["alice-2"]).await.is_empty(),
        "a refusal writes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hello_extends_the_connection() {
    let world = world().await;
    let (connection, first) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    let extended = world
        .jwt_on(connection, jwt("u1", "alice", 7200))
        .await
        .unwrap();
    assert_eq!(extended.caller, first.caller);
    assert_eq!(extended.token, first.token);
    assert_eq!(extended.expires_at, Some(at(7200)));
    let shorter = world
        .jwt_on(connection, jwt("u1", "alice", 60))
        .await
        .unwrap();
    assert_eq!(
        shorter.expires_at,
        Some(at(7200)),
        "an older identity takes nothing away"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_connection_can_be_extended_too() {
    let world = world().await;
    let (_, first) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    let (connection, _) = world.token(&first.token).await.unwrap();
    let extended = world
        .jwt_on(connection, jwt("u1", "alice", 7200))
        .await
        .unwrap();
    assert_eq!(extended.token, first.token);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_keeps_its_user() {
    let world = world().await;
    let (connection, _) = world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    let refused = world
        .jwt_on(connection, jwt("u2", "bob", 3600))
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::BadCredentials);
    assert!(
        world.by_name(&["bob"]).await.is_empty(),
        "a refusal writes nothing"
    );
    let (connection, _) = world.guest("carol").await;
    let refused = world
        .jwt_on(connection, jwt("u1", "alice", 3600))
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::BadCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_identity_is_refused() {
    let world = world().await;
    let expired = world.jwt(jwt("u1", "alice", -61), None).await.unwrap_err();
    assert_eq!(expired, Refusal::TokenExpired);
    let forged = world.jwt("a.b.c".into(), None).await.unwrap_err();
    assert_eq!(forged, Refusal::BadCredentials);
    assert_eq!(world.changes(), Vec::<Change>::new());
    let trusting_nobody = World::new().await;
    let refused = trusting_nobody
        .jwt(jwt("u1", "alice", 3600), None)
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::BadCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_has_no_password() {
    let world = world().await;
    world.jwt(jwt("u1", "alice", 3600), None).await.unwrap();
    for password in ["", "password"] {
        let refused = world.login("alice", password).await.unwrap_err();
        assert_eq!(refused, Refusal::BadCredentials);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_forgets_no_user_with_an_identity() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let world = world().await;
    let (connection, welcome) = world.jwt(jwt("1", "ann", 3600), None).await.unwrap();
    let (caller, user) = (welcome.caller.clone(), welcome.caller.user.id);
    world.ask(Logout { caller }).await.unwrap();
    world.disconnect(connection, true).await;
    world.pass(2 * DAY).await;
    // Removes the session that ended.
    world.expire().await;
    let world = world.crashed().await;
    let sweep = Sweep::new(&world.bus, &world.deps);
    // For a process that has just started, the clock is two months ahead.
    world.clock.advance(60 * DAY);
    let _ = world.changes();
    world.sweep(&sweep).await;
    assert_eq!(world.changes(), [], "the clock is not trusted");
    for _ in 0..49 {
        world.clock.advance(DAY / 24);
        world.sweep(&sweep).await;
        world.expire().await;
    }
    let changes = world.changes();
    let forgettable = changes.contains(&Change::Forgettable(user));
    assert!(forgettable, "it has run evenly for a day: {changes:?}");
}
