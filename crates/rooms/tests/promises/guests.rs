//! Guests end when they are offline and in no room, or when they expire.

use crate::server::{TestServer, assert_new, key};
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
async fn a_guest_in_a_room_stays_until_it_expires_and_then_leaves_its_rooms() {
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

    // The end of another guest, who is in no room, shows that both disconnections have been handled.
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
async fn an_expired_guest_in_some_rooms_is_removed_from_the_rest() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let (gus, connection) = server.guest("gus").await;
    for room in [&room, &key("general")] {
        server.join(&gus, room).await.expect("a member");
    }
    assert_new(server.leave(&gus, &room).await);
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
