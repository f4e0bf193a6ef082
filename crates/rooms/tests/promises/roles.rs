//! `role`.

use crate::house::{House, fresh, refused, repeated};
use rooms::api::{Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn owners_make_and_unmake_moderators_and_owners() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let make = |role| house.moderate(&ann, &room, &bob, Moderation::Role(role));
    assert_eq!(repeated(make(Role::Member).await), 2, "since joining");
    for role in [Role::Moderator, Role::Owner, Role::Member] {
        let seq = fresh(make(role).await);
        assert_eq!(repeated(make(role).await), seq);
        assert_eq!(house.role_of(&bob, &room).await, Some(role));
    }
    assert_eq!(
        house.role_of(&ann, &room).await,
        Some(Role::Owner),
        "an owner is added"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_give_roles() {
    let house = House::new().await;
    let (ann, root) = (house.person("ann").await, house.admin("root").await);
    let room = house.public(&ann, "a").await;
    house.join(&root, &room).await.expect("a member");
    let mia = house.ranked("mia", &ann, &room, Role::Moderator).await;
    let bob = house.member("bob", &room).await;
    for by in [&mia, &bob, &root] {
        let outcome = house
            .moderate(by, &room, &bob, Moderation::Role(Role::Moderator))
            .await;
        refused(outcome, &Refusal::Forbidden);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_stay_members() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let (gus, _) = house.guest("gus").await;
    house.join(&gus, &room).await.expect("a member");
    for role in [Role::Moderator, Role::Owner] {
        let outcome = house
            .moderate(&ann, &room, &gus, Moderation::Role(role))
            .await;
        refused(outcome, &Refusal::NotAllowedForGuests);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_owner_cannot_step_down_and_strangers_have_no_role() {
    let house = House::new().await;
    let (ann, out) = (house.person("ann").await, house.person("out").await);
    let room = house.public(&ann, "a").await;
    let step_down = Moderation::Role(Role::Member);
    refused(
        house.moderate(&ann, &room, &ann, step_down.clone()).await,
        &Refusal::Forbidden,
    );
    refused(
        house.moderate(&ann, &room, &out, step_down.clone()).await,
        &Refusal::NoSuchUser,
    );
    house.ranked("bob", &ann, &room, Role::Owner).await;
    fresh(house.moderate(&ann, &room, &ann, step_down).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_ends_with_the_stay() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let mia = house.ranked("mia", &ann, &room, Role::Moderator).await;
    house.leave(&mia, &room).await.expect("left");
    assert_eq!(
        house.join(&mia, &room).await.expect("back").role,
        Role::Member
    );
    house.close().await;
}
