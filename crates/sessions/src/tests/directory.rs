//! Looking up users.

use super::world::World;
use crate::api::UserId;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_id_and_by_any_spelling() {
    let world = World::new().await;
    let (_, alice) = world.register("alice").await;
    let (_, guest) = world.guest("bob").await;
    let bob = guest.caller.user;
    let unknown = UserId([0; 16]);
    let known = world.by_id(&[alice.id, bob.id, unknown, alice.id]).await;
    assert_eq!(known.len(), 2);
    assert_eq!(known[&alice.id], alice);
    assert_eq!(known[&bob.id], bob);
    let named = world
        .by_name(&["Alice", "\u{430}lice", "bob", "nobody", "no name"])
        .await;
    assert_eq!(named.len(), 3);
    assert_eq!(named["Alice"], alice);
    assert_eq!(named["\u{430}lice"], alice);
    assert_eq!(named["bob"], bob);
    assert!(world.by_id(&[]).await.is_empty());
    assert!(world.by_name(&[]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_names_a_user_by_id_or_by_name() {
    let world = World::new().await;
    let (_, alice) = world.register("alice").await;
    for user in [alice.id.to_string(), "@alice".into(), "@ALICE".into()] {
        assert_eq!(world.resolve(&user).await, Some(alice.clone()), "{user}");
    }
    for user in ["alice", "@bob", "@", "", &UserId([0; 16]).to_string()] {
        assert_eq!(world.resolve(user).await, None, "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_users_are_known_by_id_only() {
    let world = World::new().await;
    let (connection, guest) = world.guest("alice").await;
    let alice = guest.caller.user;
    world.disconnect(connection, true).await;
    world.pass(Duration::from_secs(2)).await;
    world.end_guest(alice.id).await;
    assert_eq!(world.by_id(&[alice.id]).await.len(), 1);
    assert!(world.by_name(&["alice"]).await.is_empty());
    assert_eq!(world.resolve(&alice.id.to_string()).await, None);
    assert_eq!(world.resolve("@alice").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_an_administrator_by_name() {
    let world = World::new().await;
    let (token, alice) = world.register("alice").await;
    let (_, guest) = world.guest("bob").await;
    assert!(!world.is_admin(alice.id).await);
    assert!(!world.authenticate(&token).await.unwrap().admin);
    assert!(world.grant_admin("Alice").await);
    assert!(world.is_admin(alice.id).await);
    assert!(world.authenticate(&token).await.unwrap().admin);
    for nobody in ["bob", "carol", "no name"] {
        assert!(!world.grant_admin(nobody).await, "{nobody}");
    }
    assert!(!world.is_admin(guest.caller.user.id).await);
    assert!(!world.is_admin(UserId([0; 16])).await);
}
