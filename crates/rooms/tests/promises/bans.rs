//! `ban` and `unban`.

use crate::server::{TestServer, assert_new, assert_refused, assert_repeated};
use rooms::api::{Moderation, Refusal};

#[tokio::test(flavor = "multi_thread")]
async fn the_banned_are_removed_and_kept_out_until_unbanned() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let seq = assert_new(server.moderate(&ann, &room, &bob, Moderation::Ban).await);
    assert_eq!(
        assert_repeated(server.moderate(&ann, &room, &bob, Moderation::Ban).await),
        seq
    );
    assert_refused(
        server.send(&bob, &room, "1", "x").await,
        &Refusal::NotMember,
    );
    assert_refused(server.join(&bob, &room).await, &Refusal::Banned);
    assert_refused(
        server.moderate(&ann, &room, &bob, Moderation::Invite).await,
        &Refusal::Forbidden,
    );
    let lifted = assert_new(server.moderate(&ann, &room, &bob, Moderation::Unban).await);
    assert_eq!(
        assert_repeated(server.moderate(&ann, &room, &bob, Moderation::Unban).await),
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
async fn a_ban_revokes_an_invitation_and_does_not_reveal_a_private_room() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.private(&ann, "quiet").await;
    assert_new(server.moderate(&ann, &room, &bob, Moderation::Invite).await);
    assert_new(server.moderate(&ann, &room, &bob, Moderation::Ban).await);
    assert_refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    assert_new(server.moderate(&ann, &room, &bob, Moderation::Unban).await);
    assert_refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn non_members_can_be_banned_and_unbanning_the_unbanned_is_a_repeat() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    assert_eq!(
        assert_repeated(server.moderate(&ann, &room, &bob, Moderation::Unban).await),
        0
    );
    assert_new(server.moderate(&ann, &room, &bob, Moderation::Ban).await);
    assert_refused(server.join(&bob, &room).await, &Refusal::Banned);
    server.close().await;
}
