//! `leave`, and who owns the room then.

use crate::house::{House, fresh, key, refused, repeated};
use rooms::api::{Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn leaving_is_an_entry_and_a_repeat_names_it() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let left = fresh(house.leave(&bob, &room).await);
    assert_eq!(left, 3);
    assert_eq!(repeated(house.leave(&bob, &room).await), left);
    refused(house.say(&bob, &room, "1", "x").await, &Refusal::NotMember);
    assert_eq!(house.kinds(&room).await, ["joined", "joined", "left"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_was_in_cannot_leave() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let public = house.public(&ann, "a").await;
    let private = house.private(&ann, "b").await;
    refused(house.leave(&bob, &public).await, &Refusal::NotMember);
    refused(house.leave(&bob, &private).await, &Refusal::NoSuchRoom);
    refused(
        house.leave(&bob, &key("nowhere")).await,
        &Refusal::NoSuchRoom,
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_put_out_has_not_left() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    house
        .moderate(&ann, &room, &bob, Moderation::Kick)
        .await
        .expect("kicked");
    refused(house.leave(&bob, &room).await, &Refusal::NotMember);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_leaves_the_room_to_the_longest_standing_moderator() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let member = house.member("bob", &room).await;
    let first = house.ranked("mia", &ann, &room, Role::Moderator).await;
    let second = house.ranked("max", &ann, &room, Role::Moderator).await;
    fresh(house.leave(&ann, &room).await);
    assert_eq!(house.role_of(&first, &room).await, Some(Role::Owner));
    assert_eq!(house.role_of(&second, &room).await, Some(Role::Moderator));
    assert_eq!(house.role_of(&member, &room).await, Some(Role::Member));
    let kinds = house.kinds(&room).await;
    assert_eq!(kinds[kinds.len() - 2..], ["role", "left"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_moderators_the_longest_standing_member_inherits_but_no_guest() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let (guest, _) = house.guest("gus").await;
    house.join(&guest, &room).await.expect("a member");
    let bob = house.member("bob", &room).await;
    fresh(house.leave(&ann, &room).await);
    assert_eq!(house.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(house.role_of(&guest, &room).await, Some(Role::Member));
    fresh(house.leave(&bob, &room).await);
    assert_eq!(
        house.role_of(&guest, &room).await,
        Some(Role::Member),
        "nobody owns it now"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_owners_leaves_quietly() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.ranked("bob", &ann, &room, Role::Owner).await;
    let cleo = house.member("cleo", &room).await;
    fresh(house.leave(&ann, &room).await);
    assert_eq!(house.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(house.role_of(&cleo, &room).await, Some(Role::Member));
    assert_eq!(
        house.kinds(&room).await,
        ["joined", "joined", "role", "joined", "left"]
    );
    house.close().await;
}
