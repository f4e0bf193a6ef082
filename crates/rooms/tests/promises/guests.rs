//! Guests end with their last room, or after their time.

use crate::house::{House, fresh, key};
use rooms::api::OpenDirect;
use sessions::api::GuestExpired;

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_in_no_room_ends_when_offline() {
    let house = House::new().await;
    let (gus, connection) = house.guest("gus").await;
    house.disconnect(connection).await;
    house.ended(&gus.user).await;
    assert!(house.resolve("@gus").await.is_none());
    house.guest("gus").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_in_a_room_stays_until_expired_and_leaves_its_rooms_then() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let (gus, connection) = house.guest("gus").await;
    house.join(&gus, &room).await.expect("a member");
    house.join(&gus, &key("general")).await.expect("a member");
    let direct = OpenDirect {
        caller: gus.clone(),
        user: "@ann".to_owned(),
    };
    let direct = house.ask(direct).await.expect("made").card.room.key.clone();

    // Another guest, in no room, tells when the news of both leavings have been handled.
    let (other, other_connection) = house.guest("other").await;
    house.disconnect(connection).await;
    house.disconnect(other_connection).await;
    house.ended(&other.user).await;
    house.store.quiet().await;
    assert!(house.resolve("@gus").await.is_some());

    house
        .store
        .bus()
        .publish(GuestExpired {
            user: gus.user.clone(),
        })
        .await;
    house.ended(&gus.user).await;
    for room in [&room, &key("general"), &direct] {
        let last = house.log(room).await.pop().expect("entries");
        assert_eq!(
            (crate::house::kind(&last), &last.author),
            ("left", &gus.user)
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_guest_who_is_half_way_out_is_taken_out_of_the_rest() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let (gus, connection) = house.guest("gus").await;
    for room in [&room, &key("general")] {
        house.join(&gus, room).await.expect("a member");
    }
    fresh(house.leave(&gus, &room).await);
    let (other, other_connection) = house.guest("other").await;
    house.disconnect(connection).await;
    house.disconnect(other_connection).await;
    house.ended(&other.user).await;
    house.store.quiet().await;
    for _ in 0..2 {
        house
            .store
            .bus()
            .publish(GuestExpired {
                user: gus.user.clone(),
            })
            .await;
    }
    house.ended(&gus.user).await;
    house.store.quiet().await;
    assert_eq!(
        house.kinds(&key("general")).await,
        ["joined", "left"],
        "once"
    );
    assert_eq!(house.kinds(&room).await, ["joined", "joined", "left"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_guest_who_has_come_back_stays() {
    let house = House::new().await;
    let (gus, _) = house.guest("gus").await;
    house.join(&gus, &key("general")).await.expect("a member");
    house
        .store
        .bus()
        .publish(GuestExpired {
            user: gus.user.clone(),
        })
        .await;
    house.store.quiet().await;
    assert!(house.resolve("@gus").await.is_some());
    assert_eq!(house.kinds(&key("general")).await, ["joined"]);
    house.close().await;
}
