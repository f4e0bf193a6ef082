use crate::server::{TestServer, assert_refused};
use messaging::api::{Done, Refusal};
use rooms::api::{Change, Kind, Moderation, Role};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_has_no_body_anywhere() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "secret").await;
    let edit = server.edit(&ann, &room, sent.seq, "more secret").await;
    let other = server.send(&ann, &room, "c2", "stays").await;
    let deleted = server.delete(&ann, &room, sent.seq).await;
    assert_eq!(
        deleted,
        Done {
            seq: other.seq + 1,
            dup: false
        }
    );

    let messages = server.history(&ann, &room).await.messages;
    assert_eq!(messages.len(), 2);
    assert_eq!(
        (messages[0].seq, messages[0].body.as_deref()),
        (sent.seq, None)
    );
    assert_eq!(messages[1].body.as_deref(), Some("stays"));
    for seq in [sent.seq, edit.seq] {
        let change = server.entry(&room, seq).await.change;
        let (Change::Message { body, .. } | Change::Edited { body, .. }) = change else {
            panic!("{change:?}");
        };
        assert_eq!(body, None);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_deletion_returns_the_first() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    let deleted = server.delete(&ann, &room, sent.seq).await;
    let again = server.delete(&ann, &room, sent.seq).await;
    assert_eq!(
        again,
        Done {
            dup: true,
            ..deleted
        }
    );
    assert_eq!(server.head(&ann, &room).await, deleted.seq);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_delete_what_others_wrote() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    assert_refused(
        server.try_delete(&bob, &room, sent.seq).await,
        &Refusal::Forbidden,
    );
    server
        .moderate(&ann, &bob, &room, Moderation::Role(Role::Moderator))
        .await;
    assert!(!server.delete(&bob, &room, sent.seq).await.dup);
    assert!(server.delete(&ann, &room, sent.seq).await.dup);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_delete_in_public_rooms_only() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let secret = server.room_of(&ann, "secret", Kind::Private).await;
    let admin = server.invited("root", &ann, &secret).await;
    server.join(&admin, &room).await;
    server.make_administrator("root").await;
    let public = server.send(&ann, &room, "c1", "hello").await;
    let private = server.send(&ann, &secret, "c1", "hello").await;
    assert!(!server.delete(&admin, &room, public.seq).await.dup);
    assert_refused(
        server.try_delete(&admin, &secret, private.seq).await,
        &Refusal::Forbidden,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_checked_before_repeats() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    server.delete(&ann, &room, sent.seq).await;
    assert_refused(
        server.try_delete(&bob, &room, sent.seq).await,
        &Refusal::Forbidden,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_muted_may_delete_their_own_messages() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&bob, &room, "c1", "oops").await;
    server.mute(&ann, &bob, &room).await;
    assert!(!server.delete(&bob, &room, sent.seq).await.dup);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_are_deleted() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    let edit = server.edit(&ann, &room, sent.seq, "changed").await;
    for target in [-1, 0, 1, edit.seq, 999] {
        let refusal = server.try_delete(&ann, &room, target).await;
        assert_refused(refusal, &Refusal::NoSuchMessage);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn non_members_delete_nothing() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&bob, &room, "c1", "hello").await;
    server.moderate(&ann, &bob, &room, Moderation::Kick).await;
    assert_refused(
        server.try_delete(&bob, &room, sent.seq).await,
        &Refusal::NotMember,
    );
    let body = server.newest(&ann, &room).await.body;
    assert_eq!(body.as_deref(), Some("hello"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_removes_the_reactions() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    server.react(&ann, &room, sent.seq, "👍", true).await;
    server.delete(&ann, &room, sent.seq).await;
    assert!(server.newest(&ann, &room).await.reactions.is_empty());
    assert_eq!(server.count("reactions").await, 0);
    server.close().await;
}
