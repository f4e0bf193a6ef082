//! `leave`, and who owns the room then.

use crate::server::{TestServer, fresh, key, refused, repeated};
use rooms::api::{Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn leaving_is_an_entry_and_a_repeat_names_it() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let left = fresh(server.leave(&bob, &room).await);
    assert_eq!(left, 3);
    assert_eq!(repeated(server.leave(&bob, &room).await), left);
    refused(server.say(&bob, &room, "1", "x").await, &Refusal::NotMember);
    assert_eq!(server.kinds(&room).await, ["joined", "joined", "left"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_was_in_cannot_leave() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let public = server.public(&ann, "a").await;
    let private = server.private(&ann, "b").await;
    refused(server.leave(&bob, &public).await, &Refusal::NotMember);
    refused(server.leave(&bob, &private).await, &Refusal::NoSuchRoom);
    refused(
        server.leave(&bob, &key("nowhere")).await,
        &Refusal::NoSuchRoom,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_put_out_has_not_left() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    server
        .moderate(&ann, &room, &bob, Moderation::Kick)
        .await
        .expect("kicked");
    refused(server.leave(&bob, &room).await, &Refusal::NotMember);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_leaves_the_room_to_the_longest_standing_moderator() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let member = server.member("bob", &room).await;
    let first = server.ranked("mia", &ann, &room, Role::Moderator).await;
    let second = server.ranked("max", &ann, &room, Role::Moderator).await;
    fresh(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&first, &room).await, Some(Role::Owner));
    assert_eq!(server.role_of(&second, &room).await, Some(Role::Moderator));
    assert_eq!(server.role_of(&member, &room).await, Some(Role::Member));
    let kinds = server.kinds(&room).await;
    assert_eq!(kinds[kinds.len() - 2..], ["role", "left"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_moderators_the_longest_standing_member_inherits_but_no_guest() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let (guest, _) = server.guest("gus").await;
    server.join(&guest, &room).await.expect("a member");
    let bob = server.member("bob", &room).await;
    fresh(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(server.role_of(&guest, &room).await, Some(Role::Member));
    fresh(server.leave(&bob, &room).await);
    assert_eq!(
        server.role_of(&guest, &room).await,
        Some(Role::Member),
        "nobody owns it now"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_owners_leaves_quietly() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.ranked("bob", &ann, &room, Role::Owner).await;
    let cleo = server.member("cleo", &room).await;
    fresh(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(server.role_of(&cleo, &room).await, Some(Role::Member));
    assert_eq!(
        server.kinds(&room).await,
        ["joined", "joined", "role", "joined", "left"]
    );
    server.close().await;
}
