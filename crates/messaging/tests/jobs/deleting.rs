use crate::house::{House, refused};
use messaging::api::{Done, Refusal};
use rooms::api::{Change, Kind, Moderation, Role};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_has_no_body_anywhere() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "secret").await;
    let edit = house.edit(&ann, &room, sent.seq, "more secret").await;
    let other = house.send(&ann, &room, "c2", "stays").await;
    let deleted = house.delete(&ann, &room, sent.seq).await;
    assert_eq!(
        deleted,
        Done {
            seq: other.seq + 1,
            dup: false
        }
    );

    let messages = house.history(&ann, &room).await.messages;
    assert_eq!(messages.len(), 2);
    assert_eq!(
        (messages[0].seq, messages[0].body.as_deref()),
        (sent.seq, None)
    );
    assert_eq!(messages[1].body.as_deref(), Some("stays"));
    for seq in [sent.seq, edit.seq] {
        let change = house.entry(&room, seq).await.change;
        let (Change::Message { body, .. } | Change::Edited { body, .. }) = change else {
            panic!("{change:?}");
        };
        assert_eq!(body, None);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_deletion_names_the_first() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "hello").await;
    let deleted = house.delete(&ann, &room, sent.seq).await;
    let again = house.delete(&ann, &room, sent.seq).await;
    assert_eq!(
        again,
        Done {
            dup: true,
            ..deleted
        }
    );
    assert_eq!(house.head(&ann, &room).await, deleted.seq);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_delete_what_others_wrote() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let sent = house.send(&ann, &room, "c1", "hello").await;
    refused(
        house.try_delete(&bob, &room, sent.seq).await,
        &Refusal::Forbidden,
    );
    house
        .moderate(&ann, &bob, &room, Moderation::Role(Role::Moderator))
        .await;
    assert!(!house.delete(&bob, &room, sent.seq).await.dup);
    assert!(house.delete(&ann, &room, sent.seq).await.dup);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_delete_in_public_rooms_alone() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let secret = house.room_of(&ann, "secret", Kind::Private).await;
    let admin = house.invited("root", &ann, &secret).await;
    house.join(&admin, &room).await;
    house.make_administrator("root").await;
    let public = house.send(&ann, &room, "c1", "hello").await;
    let private = house.send(&ann, &secret, "c1", "hello").await;
    assert!(!house.delete(&admin, &room, public.seq).await.dup);
    refused(
        house.try_delete(&admin, &secret, private.seq).await,
        &Refusal::Forbidden,
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_come_before_repeats() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let sent = house.send(&ann, &room, "c1", "hello").await;
    house.delete(&ann, &room, sent.seq).await;
    refused(
        house.try_delete(&bob, &room, sent.seq).await,
        &Refusal::Forbidden,
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_muted_may_take_back_what_they_said() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let sent = house.send(&bob, &room, "c1", "oops").await;
    house.mute(&ann, &bob, &room).await;
    assert!(!house.delete(&bob, &room, sent.seq).await.dup);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_are_deleted() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "hello").await;
    let edit = house.edit(&ann, &room, sent.seq, "changed").await;
    for target in [-1, 0, 1, edit.seq, 999] {
        let refusal = house.try_delete(&ann, &room, target).await;
        refused(refusal, &Refusal::NoSuchMessage);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_deletes_nothing() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let sent = house.send(&bob, &room, "c1", "hello").await;
    house.moderate(&ann, &bob, &room, Moderation::Kick).await;
    refused(
        house.try_delete(&bob, &room, sent.seq).await,
        &Refusal::NotMember,
    );
    let body = house.newest(&ann, &room).await.body;
    assert_eq!(body.as_deref(), Some("hello"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_the_reactions_along() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let sent = house.send(&ann, &room, "c1", "hello").await;
    house.react(&ann, &room, sent.seq, "👍", true).await;
    house.delete(&ann, &room, sent.seq).await;
    assert!(house.newest(&ann, &room).await.reactions.is_empty());
    assert_eq!(house.count("reactions").await, 0);
    house.close().await;
}
