//! Many people join many rooms at once; on PostgreSQL in several lanes.

use crate::server::{TestServer, key};
use futures_util::future::join_all;
use rooms::api::{Refusal, RoomKey};
use std::time::Instant;

const ROOMS: usize = 8;
const PEOPLE: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn guests_who_join_the_same_rooms_at_once_never_deadlock() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let mut rooms = Vec::new();
    for room in 0..ROOMS {
        rooms.push(server.public(&ann, &format!("room-{room}")).await);
    }
    let mut guests = Vec::new();
    for guest in 0..PEOPLE {
        guests.push(server.guest(&format!("guest-{guest}")).await.0);
    }
    let before = server.repeated_batches();
    let began = Instant::now();
    // In every other room they join in the opposite order.
    let joins = (0..PEOPLE).flat_map(|n| {
        let (server, guests) = (&server, &guests);
        rooms.iter().enumerate().map(move |(room, key)| {
            let guest = if room % 2 == 0 { n } else { PEOPLE - 1 - n };
            server.join(&guests[guest], key)
        })
    });
    let joined = join_all(joins).await;
    println!("joined within {:?}", began.elapsed());
    assert!(joined.iter().all(Result::is_ok));
    assert_eq!(server.repeated_batches(), before, "no batch is repeated");
    for room in &rooms {
        assert_eq!(server.members(&ann, room).await.count, PEOPLE as u64 + 1);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_many_rooms_at_once_does_not_exceed_the_limit() {
    let settings = rooms::Settings {
        rooms_max: 10,
        ..rooms::Settings::default()
    };
    let server = TestServer::with(settings).await;
    let mut rooms = vec![key("general")];
    for owner in ["ann", "cleo"] {
        let owner = server.person(owner).await;
        for room in 0..10 {
            rooms.push(
                server
                    .public(&owner, &format!("{}-{room}", owner.user.name))
                    .await,
            );
        }
    }
    for name in ["bob", "gus"] {
        let bob = server.person(name).await;
        let joins = rooms.iter().map(|room: &RoomKey| server.join(&bob, room));
        let joined = join_all(joins).await;
        let refusal = Refusal::LimitReached { limit: "rooms_max" };
        let assert_refused = joined
            .iter()
            .filter(|join| join.as_ref().err() == Some(&refusal));
        assert_eq!(assert_refused.count(), rooms.len() - 10);
        assert_eq!(joined.iter().filter(|join| join.is_ok()).count(), 10);
    }
    server.close().await;
}
