//! Guests end with their last room, or after their time.

use crate::server::{TestServer, fresh, key};
use rooms::api::OpenDirect;
use sessions::api::GuestExpired;

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_in_no_room_ends_when_offline() {
    let server = TestServer::new().await;
    let (gus, connection) = server.guest("gus").await;
    server.disconnect(connection).await;
    server.ended(&gus.user).await;
    assert!(server.resolve("@gus").await.is_none());
    server.guest("gus").await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_in_a_room_stays_until_expired_and_leaves_its_rooms_then() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let (gus, connection) = server.guest("gus").await;
    server.join(&gus, &room).await.expect("a member");
    server.join(&gus, &key("general")).await.expect("a member");
    let direct = OpenDirect {
        caller: gus.clone(),
        user: "@ann".to_owned(),
    };
    let direct = server
        .ask(direct)
        .await
        .expect("made")
        .card
        .room
        .key
        .clone();

    // Another guest, in no room, tells when the news of both leavings have been handled.
    let (other, other_connection) = server.guest("other").await;
    server.disconnect(connection).await;
    server.disconnect(other_connection).await;
    server.ended(&other.user).await;
    server.store.quiet().await;
    assert!(server.resolve("@gus").await.is_some());

    server
        .store
        .bus()
        .publish(GuestExpired {
            user: gus.user.clone(),
        })
        .await;
    server.ended(&gus.user).await;
    for room in [&room, &key("general"), &direct] {
        let last = server.log(room).await.pop().expect("entries");
        assert_eq!(
            (crate::server::kind(&last), &last.author),
            ("left", &gus.user)
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_guest_who_is_half_way_out_is_taken_out_of_the_rest() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let (gus, connection) = server.guest("gus").await;
    for room in [&room, &key("general")] {
        server.join(&gus, room).await.expect("a member");
    }
    fresh(server.leave(&gus, &room).await);
    let (other, other_connection) = server.guest("other").await;
    server.disconnect(connection).await;
    server.disconnect(other_connection).await;
    server.ended(&other.user).await;
    server.store.quiet().await;
    for _ in 0..2 {
        server
            .store
            .bus()
            .publish(GuestExpired {
                user: gus.user.clone(),
            })
            .await;
    }
    server.ended(&gus.user).await;
    server.store.quiet().await;
    assert_eq!(
        server.kinds(&key("general")).await,
        ["joined", "left"],
        "once"
    );
    assert_eq!(server.kinds(&room).await, ["joined", "joined", "left"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_guest_who_has_come_back_stays() {
    let server = TestServer::new().await;
    let (gus, _) = server.guest("gus").await;
    server.join(&gus, &key("general")).await.expect("a member");
    server
        .store
        .bus()
        .publish(GuestExpired {
            user: gus.user.clone(),
        })
        .await;
    server.store.quiet().await;
    assert!(server.resolve("@gus").await.is_some());
    assert_eq!(server.kinds(&key("general")).await, ["joined"]);
    server.close().await;
}
