use crate::house::{House, refused};
use messaging::api::{Done, Refusal};
use rooms::api::{Kind, Moderation, Role};

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_shows_in_history() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "helo").await;
    let edit = house.edit(&ann, &room, sent.seq, "hello").await;
    assert_eq!(
        edit,
        Done {
            seq: sent.seq + 1,
            dup: false
        }
    );
    let message = house.newest(&ann, &room).await;
    assert_eq!(message.body.as_deref(), Some("hello"));
    assert_eq!(
        (message.seq, message.edited_seq),
        (sent.seq, Some(edit.seq))
    );
    assert!(message.edited_at.is_some());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_changes_nothing_names_what_made_it_so() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "one").await;
    let same = house.edit(&ann, &room, sent.seq, "one").await;
    assert_eq!(
        same,
        Done {
            seq: sent.seq,
            dup: true
        }
    );
    let edit = house.edit(&ann, &room, sent.seq, "two").await;
    let same = house.edit(&ann, &room, sent.seq, "two").await;
    assert_eq!(
        same,
        Done {
            seq: edit.seq,
            dup: true
        }
    );
    let back = house.edit(&ann, &room, sent.seq, "one").await;
    assert_eq!(
        back,
        Done {
            seq: edit.seq + 1,
            dup: false
        }
    );
    let same = house.edit(&ann, &room, sent.seq, "one").await;
    assert_eq!(
        same,
        Done {
            seq: back.seq,
            dup: true
        }
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_edits_what_another_wrote() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let sent = house.send(&bob, &room, "c1", "hello").await;
    refused(
        house.try_edit(&ann, &room, sent.seq, "hello").await,
        &Refusal::Forbidden,
    );
    house
        .moderate(&ann, &bob, &room, Moderation::Role(Role::Moderator))
        .await;
    let by_ann = house.send(&ann, &room, "c2", "mine").await;
    refused(
        house.try_edit(&bob, &room, by_ann.seq, "his").await,
        &Refusal::Forbidden,
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_that_stand_are_edited() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "hello").await;
    let edit = house.edit(&ann, &room, sent.seq, "changed").await;
    for target in [-1, 0, 1, edit.seq, 999] {
        let refusal = house.try_edit(&ann, &room, target, "x").await;
        refused(refusal, &Refusal::NoSuchMessage);
    }
    house.delete(&ann, &room, sent.seq).await;
    let deleted = house.try_edit(&ann, &room, sent.seq, "x").await;
    refused(deleted, &Refusal::NoSuchMessage);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_follows_the_rule_for_texts() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "café").await;
    let same = house.edit(&ann, &room, sent.seq, "cafe\u{301}").await;
    assert!(same.dup);
    let refusal = house
        .try_edit(&ann, &room, sent.seq, " ")
        .await
        .unwrap_err();
    assert!(matches!(refusal, Refusal::BadText { field: "body", .. }));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_speak_may_not_edit() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let sent = house.send(&bob, &room, "c1", "hello").await;
    let edit = |body| house.try_edit(&bob, &room, sent.seq, body);
    house.mute(&ann, &bob, &room).await;
    refused(edit("changed").await, &Refusal::Muted);
    refused(edit("hello").await, &Refusal::Muted);
    house.moderate(&ann, &bob, &room, Moderation::Kick).await;
    refused(edit("changed").await, &Refusal::NotMember);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_stay_wrote_is_out_of_reach_but_for_taking_it_back() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.room_of(&ann, "secret", Kind::Private).await;
    let bob = house.invited("bob", &ann, &room).await;
    let sent = house.send(&bob, &room, "c1", "hello").await;
    let hers = house.send(&ann, &room, "c1", "welcome").await;
    house.leave(&bob, &room).await;
    house.moderate(&ann, &bob, &room, Moderation::Invite).await;
    house.join(&bob, &room).await;
    for body in ["changed", "hello"] {
        let refusal = house.try_edit(&bob, &room, sent.seq, body).await;
        refused(refusal, &Refusal::NoSuchMessage);
    }
    let refusal = house.try_delete(&bob, &room, hers.seq).await;
    refused(refusal, &Refusal::NoSuchMessage);
    let taken_back = house.try_delete(&bob, &room, sent.seq).await;
    assert!(!taken_back.expect("his own").dup);
    house.close().await;
}
