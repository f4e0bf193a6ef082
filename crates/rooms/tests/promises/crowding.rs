//! Many join many rooms at once: on PostgreSQL in several lanes.

use crate::house::{House, key};
use futures_util::future::join_all;
use rooms::api::{Refusal, RoomKey};
use std::time::Instant;

const ROOMS: usize = 8;
const PEOPLE: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn guests_who_join_the_same_rooms_at_once_never_wait_in_a_circle() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let mut rooms = Vec::new();
    for room in 0..ROOMS {
        rooms.push(house.public(&ann, &format!("room-{room}")).await);
    }
    let mut guests = Vec::new();
    for guest in 0..PEOPLE {
        guests.push(house.guest(&format!("guest-{guest}")).await.0);
    }
    let before = house.repeated_batches();
    let began = Instant::now();
    // In every other room they come in the opposite order.
    let joins = (0..PEOPLE).flat_map(|n| {
        let (house, guests) = (&house, &guests);
        rooms.iter().enumerate().map(move |(room, key)| {
            let guest = if room % 2 == 0 { n } else { PEOPLE - 1 - n };
            house.join(&guests[guest], key)
        })
    });
    let joined = join_all(joins).await;
    println!("joined within {:?}", began.elapsed());
    assert!(joined.iter().all(Result::is_ok));
    assert_eq!(house.repeated_batches(), before, "no batch was repeated");
    for room in &rooms {
        assert_eq!(house.members(&ann, room).await.count, PEOPLE as u64 + 1);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_into_more_rooms_than_allowed_by_joining_all_at_once() {
    let settings = rooms::Settings {
        rooms_max: 10,
        ..rooms::Settings::default()
    };
    let house = House::with(settings).await;
    let mut rooms = vec![key("general")];
    for owner in ["ann", "cleo"] {
        let owner = house.person(owner).await;
        for room in 0..10 {
            rooms.push(
                house
                    .public(&owner, &format!("{}-{room}", owner.user.name))
                    .await,
            );
        }
    }
    for name in ["bob", "gus"] {
        let bob = house.person(name).await;
        let joins = rooms.iter().map(|room: &RoomKey| house.join(&bob, room));
        let joined = join_all(joins).await;
        let refusal = Refusal::LimitReached { limit: "rooms_max" };
        let refused = joined
            .iter()
            .filter(|join| join.as_ref().err() == Some(&refusal));
        assert_eq!(refused.count(), rooms.len() - 10);
        assert_eq!(joined.iter().filter(|join| join.is_ok()).count(), 10);
    }
    house.close().await;
}
