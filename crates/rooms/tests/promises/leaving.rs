//! `leave`, and the change of ownership.

use crate::server::{TestServer, assert_new, assert_refused, assert_repeated, key};
use rooms::api::{Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn leaving_writes_an_entry_and_a_repeat_returns_it() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let left = assert_new(server.leave(&bob, &room).await);
    assert_eq!(left, 3);
    assert_eq!(assert_repeated(server.leave(&bob, &room).await), left);
    assert_refused(
        server.send(&bob, &room, "1", "x").await,
        &Refusal::NotMember,
    );
    assert_eq!(server.kinds(&room).await, ["joined", "joined", "left"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn non_members_cannot_leave() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let public = server.public(&ann, "a").await;
    let private = server.private(&ann, "b").await;
    assert_refused(server.leave(&bob, &public).await, &Refusal::NotMember);
    assert_refused(server.leave(&bob, &private).await, &Refusal::NoSuchRoom);
    assert_refused(
        server.leave(&bob, &key("nowhere")).await,
        &Refusal::NoSuchRoom,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_members_have_not_left() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    server
        .moderate(&ann, &room, &bob, Moderation::Kick)
        .await
        .expect("kicked");
    assert_refused(server.leave(&bob, &room).await, &Refusal::NotMember);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owners_room_passes_to_the_longest_standing_moderator() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let member = server.member("bob", &room).await;
    let first = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let second = server
        .member_with_role("max", &ann, &room, Role::Moderator)
        .await;
    assert_new(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&first, &room).await, Some(Role::Owner));
    assert_eq!(server.role_of(&second, &room).await, Some(Role::Moderator));
    assert_eq!(server.role_of(&member, &room).await, Some(Role::Member));
    let kinds = server.kinds(&room).await;
    assert_eq!(kinds[kinds.len() - 2..], ["role", "left"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_moderators_the_longest_standing_member_becomes_owner_but_no_guest() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let (guest, _) = server.guest("gus").await;
    server.join(&guest, &room).await.expect("a member");
    let bob = server.member("bob", &room).await;
    assert_new(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(server.role_of(&guest, &room).await, Some(Role::Member));
    assert_new(server.leave(&bob, &room).await);
    assert_eq!(
        server.role_of(&guest, &room).await,
        Some(Role::Member),
        "nobody owns it now"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_owners_leaves_without_a_role_change() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server
        .member_with_role("bob", &ann, &room, Role::Owner)
        .await;
    let cleo = server.member("cleo", &room).await;
    assert_new(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(server.role_of(&cleo, &room).await, Some(Role::Member));
    assert_eq!(
        server.kinds(&room).await,
        ["joined", "joined", "role", "joined", "left"]
    );
    server.close().await;
}
