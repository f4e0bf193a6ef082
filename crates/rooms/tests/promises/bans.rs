//! `ban` and `unban`.

use crate::house::{House, fresh, refused, repeated};
use rooms::api::{Moderation, Refusal};

#[tokio::test(flavor = "multi_thread")]
async fn the_banned_are_out_and_stay_out_until_unbanned() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let seq = fresh(house.moderate(&ann, &room, &bob, Moderation::Ban).await);
    assert_eq!(
        repeated(house.moderate(&ann, &room, &bob, Moderation::Ban).await),
        seq
    );
    refused(house.say(&bob, &room, "1", "x").await, &Refusal::NotMember);
    refused(house.join(&bob, &room).await, &Refusal::Banned);
    refused(
        house.moderate(&ann, &room, &bob, Moderation::Invite).await,
        &Refusal::Forbidden,
    );
    let lifted = fresh(house.moderate(&ann, &room, &bob, Moderation::Unban).await);
    assert_eq!(
        repeated(house.moderate(&ann, &room, &bob, Moderation::Unban).await),
        lifted
    );
    house.join(&bob, &room).await.expect("back");
    assert_eq!(
        house.kinds(&room).await,
        ["joined", "joined", "banned", "unbanned", "joined"]
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_voids_an_invitation_and_tells_nothing_of_a_private_room() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = house.private(&ann, "quiet").await;
    fresh(house.moderate(&ann, &room, &bob, Moderation::Invite).await);
    fresh(house.moderate(&ann, &room, &bob, Moderation::Ban).await);
    refused(house.join(&bob, &room).await, &Refusal::NoSuchRoom);
    fresh(house.moderate(&ann, &room, &bob, Moderation::Unban).await);
    refused(house.join(&bob, &room).await, &Refusal::NoSuchRoom);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_came_can_be_banned_and_who_was_not_banned_is_free_already() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = house.public(&ann, "a").await;
    assert_eq!(
        repeated(house.moderate(&ann, &room, &bob, Moderation::Unban).await),
        0
    );
    fresh(house.moderate(&ann, &room, &bob, Moderation::Ban).await);
    refused(house.join(&bob, &room).await, &Refusal::Banned);
    house.close().await;
}
