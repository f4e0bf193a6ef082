use crate::server::{TestServer, assert_refused};
use messaging::api::{Done, Refusal};
use rooms::api::{Kind, Moderation, Role};

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_shows_in_history() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "helo").await;
    let edit = server.edit(&ann, &room, sent.seq, "hello").await;
    assert_eq!(
        edit,
        Done {
            seq: sent.seq + 1,
            dup: false
        }
    );
    let message = server.newest(&ann, &room).await;
    assert_eq!(message.body.as_deref(), Some("hello"));
    assert_eq!(
        (message.seq, message.edited_seq),
        (sent.seq, Some(edit.seq))
    );
    assert!(message.edited_at.is_some());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_without_change_returns_the_entry_of_the_current_text() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "one").await;
    let same = server.edit(&ann, &room, sent.seq, "one").await;
    assert_eq!(
        same,
        Done {
            seq: sent.seq,
            dup: true
        }
    );
    let edit = server.edit(&ann, &room, sent.seq, "two").await;
    let same = server.edit(&ann, &room, sent.seq, "two").await;
    assert_eq!(
        same,
        Done {
            seq: edit.seq,
            dup: true
        }
    );
    let back = server.edit(&ann, &room, sent.seq, "one").await;
    assert_eq!(
        back,
        Done {
            seq: edit.seq + 1,
            dup: false
        }
    );
    let same = server.edit(&ann, &room, sent.seq, "one").await;
    assert_eq!(
        same,
        Done {
            seq: back.seq,
            dup: true
        }
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_author_edits() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&bob, &room, "c1", "hello").await;
    assert_refused(
        server.try_edit(&ann, &room, sent.seq, "hello").await,
        &Refusal::Forbidden,
    );
    server
        .moderate(&ann, &bob, &room, Moderation::Role(Role::Moderator))
        .await;
    let by_ann = server.send(&ann, &room, "c2", "mine").await;
    assert_refused(
        server.try_edit(&bob, &room, by_ann.seq, "his").await,
        &Refusal::Forbidden,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_undeleted_messages_are_edited() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    let edit = server.edit(&ann, &room, sent.seq, "changed").await;
    for target in [-1, 0, 1, edit.seq, 999] {
        let refusal = server.try_edit(&ann, &room, target, "x").await;
        assert_refused(refusal, &Refusal::NoSuchMessage);
    }
    server.delete(&ann, &room, sent.seq).await;
    let deleted = server.try_edit(&ann, &room, sent.seq, "x").await;
    assert_refused(deleted, &Refusal::NoSuchMessage);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_follows_the_rule_for_texts() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "café").await;
    let same = server.edit(&ann, &room, sent.seq, "cafe\u{301}").await;
    assert!(same.dup);
    let refusal = server
        .try_edit(&ann, &room, sent.seq, " ")
        .await
        .unwrap_err();
    assert!(matches!(refusal, Refusal::BadText { field: "body", .. }));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_who_may_not_write_may_not_edit() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&bob, &room, "c1", "hello").await;
    let edit = |body| server.try_edit(&bob, &room, sent.seq, body);
    server.mute(&ann, &bob, &room).await;
    assert_refused(edit("changed").await, &Refusal::Muted);
    assert_refused(edit("hello").await, &Refusal::Muted);
    server.moderate(&ann, &bob, &room, Moderation::Kick).await;
    assert_refused(edit("changed").await, &Refusal::NotMember);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_an_earlier_membership_may_only_be_deleted() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.room_of(&ann, "secret", Kind::Private).await;
    let bob = server.invited("bob", &ann, &room).await;
    let sent = server.send(&bob, &room, "c1", "hello").await;
    let hers = server.send(&ann, &room, "c1", "welcome").await;
    server.leave(&bob, &room).await;
    server.moderate(&ann, &bob, &room, Moderation::Invite).await;
    server.join(&bob, &room).await;
    for body in ["changed", "hello"] {
        let refusal = server.try_edit(&bob, &room, sent.seq, body).await;
        assert_refused(refusal, &Refusal::NoSuchMessage);
    }
    let refusal = server.try_delete(&bob, &room, hers.seq).await;
    assert_refused(refusal, &Refusal::NoSuchMessage);
    let taken_back = server.try_delete(&bob, &room, sent.seq).await;
    assert!(!taken_back.expect("his own").dup);
    server.close().await;
}
