use crate::server::{TestServer, refused};
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
async fn an_edit_that_changes_nothing_names_what_made_it_so() {
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
async fn nobody_edits_what_another_wrote() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&bob, &room, "c1", "hello").await;
    refused(
        server.try_edit(&ann, &room, sent.seq, "hello").await,
        &Refusal::Forbidden,
    );
    server
        .moderate(&ann, &bob, &room, Moderation::Role(Role::Moderator))
        .await;
    let by_ann = server.send(&ann, &room, "c2", "mine").await;
    refused(
        server.try_edit(&bob, &room, by_ann.seq, "his").await,
        &Refusal::Forbidden,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_that_stand_are_edited() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let sent = server.send(&ann, &room, "c1", "hello").await;
    let edit = server.edit(&ann, &room, sent.seq, "changed").await;
    for target in [-1, 0, 1, edit.seq, 999] {
        let refusal = server.try_edit(&ann, &room, target, "x").await;
        refused(refusal, &Refusal::NoSuchMessage);
    }
    server.delete(&ann, &room, sent.seq).await;
    let deleted = server.try_edit(&ann, &room, sent.seq, "x").await;
    refused(deleted, &Refusal::NoSuchMessage);
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
async fn whoever_may_not_speak_may_not_edit() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let bob = server.member("bob", &room).await;
    let sent = server.send(&bob, &room, "c1", "hello").await;
    let edit = |body| server.try_edit(&bob, &room, sent.seq, body);
    server.mute(&ann, &bob, &room).await;
    refused(edit("changed").await, &Refusal::Muted);
    refused(edit("hello").await, &Refusal::Muted);
    server.moderate(&ann, &bob, &room, Moderation::Kick).await;
    refused(edit("changed").await, &Refusal::NotMember);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_stay_wrote_is_out_of_reach_but_for_taking_it_back() {
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
        refused(refusal, &Refusal::NoSuchMessage);
    }
    let refusal = server.try_delete(&bob, &room, hers.seq).await;
    refused(refusal, &Refusal::NoSuchMessage);
    let taken_back = server.try_delete(&bob, &room, sent.seq).await;
    assert!(!taken_back.expect("his own").dup);
    server.close().await;
}
