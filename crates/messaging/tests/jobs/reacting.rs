use crate::house::{House, refused};
use messaging::api::{Done, Reaction, Refusal};

fn reaction(emoji: &str, count: u32, mine: bool) -> Reaction {
    Reaction {
        emoji: emoji.to_owned(),
        count,
        mine,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_counted_per_kind_and_in_order() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let seq = house.send(&ann, &room, "c1", "hello").await.seq;
    house.react(&bob, &room, seq, "👍", true).await;
    house.react(&bob, &room, seq, "🎉", true).await;
    house.react(&ann, &room, seq, "🎉", true).await;
    let seen_by_ann = house.newest(&ann, &room).await.reactions;
    assert_eq!(
        seen_by_ann,
        [reaction("👍", 1, false), reaction("🎉", 2, true)]
    );
    let seen_by_bob = house.newest(&bob, &room).await.reactions;
    assert_eq!(
        seen_by_bob,
        [reaction("👍", 1, true), reaction("🎉", 2, true)]
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_stay_with_their_message() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let first = house.send(&ann, &room, "c1", "one").await.seq;
    let second = house.send(&ann, &room, "c2", "two").await.seq;
    house.react(&ann, &room, first, "👍", true).await;
    house.react(&ann, &room, second, "🎉", true).await;
    let messages = house.history(&ann, &room).await.messages;
    assert_eq!(messages[0].reactions, [reaction("👍", 1, true)]);
    assert_eq!(messages[1].reactions, [reaction("🎉", 1, true)]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_set_once() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let seq = house.send(&ann, &room, "c1", "hello").await.seq;
    let set = house.react(&ann, &room, seq, "👍", true).await;
    assert_eq!(
        set,
        Done {
            seq: seq + 1,
            dup: false
        }
    );
    let again = house.react(&ann, &room, seq, "👍", true).await;
    assert_eq!(again, Done { dup: true, ..set });
    assert_eq!(
        house.newest(&ann, &room).await.reactions,
        [reaction("👍", 1, true)]
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_taken_back_once() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let seq = house.send(&ann, &room, "c1", "hello").await.seq;
    let never_set = house.react(&ann, &room, seq, "👍", false).await;
    assert_eq!(never_set, Done { seq: 0, dup: true });
    let set = house.react(&ann, &room, seq, "👍", true).await;
    let taken_back = house.react(&ann, &room, seq, "👍", false).await;
    assert_eq!(
        taken_back,
        Done {
            seq: set.seq + 1,
            dup: false
        }
    );
    let again = house.react(&ann, &room, seq, "👍", false).await;
    assert_eq!(
        again,
        Done {
            dup: true,
            ..taken_back
        }
    );
    assert!(house.newest(&ann, &room).await.reactions.is_empty());
    assert!(!house.react(&ann, &room, seq, "👍", true).await.dup);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_bears_twenty_kinds() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.member("bob", &room).await;
    let seq = house.send(&ann, &room, "c1", "hello").await.seq;
    for n in 0..20 {
        house
            .react(&ann, &room, seq, &format!("kind{n}"), true)
            .await;
    }
    let full = Refusal::LimitReached { limit: "reactions" };
    refused(
        house.try_react(&bob, &room, seq, "one-more", true).await,
        &full,
    );
    assert!(!house.react(&bob, &room, seq, "kind7", true).await.dup);
    house.react(&ann, &room, seq, "kind0", false).await;
    assert!(!house.react(&bob, &room, seq, "one-more", true).await.dup);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_that_stand_bear_reactions() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let seq = house.send(&ann, &room, "c1", "hello").await.seq;
    for target in [0, 1, 999] {
        let refusal = house.try_react(&ann, &room, target, "👍", true).await;
        refused(refusal, &Refusal::NoSuchMessage);
    }
    house.react(&ann, &room, seq, "👍", true).await;
    house.delete(&ann, &room, seq).await;
    for on in [true, false] {
        let refusal = house.try_react(&ann, &room, seq, "👍", on).await;
        refused(refusal, &Refusal::NoSuchMessage);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_needs_an_emoji_and_a_member_who_may_speak() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let bob = house.person("bob").await;
    let seq = house.send(&ann, &room, "c1", "hello").await.seq;
    let refusal = house
        .try_react(&ann, &room, seq, "", true)
        .await
        .unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::BadRequest { field: "emoji", .. }
    ));
    refused(
        house.try_react(&bob, &room, seq, "👍", true).await,
        &Refusal::NotMember,
    );
    house.join(&bob, &room).await;
    house.react(&bob, &room, seq, "🎉", true).await;
    house.mute(&ann, &bob, &room).await;
    let repeat = house.try_react(&bob, &room, seq, "🎉", true).await;
    refused(repeat, &Refusal::Muted);
    refused(
        house.try_react(&bob, &room, seq, "👍", true).await,
        &Refusal::Muted,
    );
    house.close().await;
}
