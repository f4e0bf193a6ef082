//! `ban` and `unban`.

use crate::server::{TestServer, fresh, refused, repeated};
use rooms::api::{Moderation, Refusal};

#[tokio::test(flavor = "multi_thread")]
async fn the_banned_are_out_and_stay_out_until_unbanned() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let seq = fresh(server.moderate(&ann, &room, &bob, Moderation::Ban).await);
    assert_eq!(
        repeated(server.moderate(&ann, &room, &bob, Moderation::Ban).await),
        seq
    );
    refused(server.say(&bob, &room, "1", "x").await, &Refusal::NotMember);
    refused(server.join(&bob, &room).await, &Refusal::Banned);
    refused(
        server.moderate(&ann, &room, &bob, Moderation::Invite).await,
        &Refusal::Forbidden,
    );
    let lifted = fresh(server.moderate(&ann, &room, &bob, Moderation::Unban).await);
    assert_eq!(
        repeated(server.moderate(&ann, &room, &bob, Moderation::Unban).await),
        lifted
    );
    server.join(&bob, &room).await.expect("back");
    assert_eq!(
        server.kinds(&room).await,
        ["joined", "joined", "banned", "unbanned", "joined"]
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_voids_an_invitation_and_tells_nothing_of_a_private_room() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.private(&ann, "quiet").await;
    fresh(server.moderate(&ann, &room, &bob, Moderation::Invite).await);
    fresh(server.moderate(&ann, &room, &bob, Moderation::Ban).await);
    refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    fresh(server.moderate(&ann, &room, &bob, Moderation::Unban).await);
    refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_came_can_be_banned_and_who_was_not_banned_is_free_already() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    assert_eq!(
        repeated(server.moderate(&ann, &room, &bob, Moderation::Unban).await),
        0
    );
    fresh(server.moderate(&ann, &room, &bob, Moderation::Ban).await);
    refused(server.join(&bob, &room).await, &Refusal::Banned);
    server.close().await;
}
