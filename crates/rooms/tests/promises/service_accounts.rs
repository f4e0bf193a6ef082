//! Accounts of the server's own in rooms.

use crate::server::{TestServer, assert_refused};
use rooms::Settings;
use rooms::api::{Moderation, Refusal, Role, RoomKey};
use sessions::api::operator::EraseAccount;
use sessions::api::{Caller, OpenServiceAccount};

async fn service(server: &TestServer, name: &str) -> Caller {
    let name = name.to_owned();
    let service = "greeter";
    let opened = server.ask(OpenServiceAccount { service, name });
    opened.await.expect("an account")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_joins_and_writes_like_anyone() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bot = service(&server, "greeter").await;
    server.join(&bot, &room).await.expect("a member");
    let sent = server.send(&bot, &room, "1", "welcome, @ann").await;
    assert!(!sent.expect("sent").dup);
    let again = server.send(&bot, &room, "1", "welcome, @ann").await;
    assert!(again.expect("sent before").dup);
    let members = server.members(&ann, &room).await;
    let shown = members.members.iter().find(|m| m.user == bot.user);
    assert!(shown.is_some_and(|shown| !shown.online && shown.role == Role::Member));
    let private = server.private(&ann, "quiet").await;
    assert_refused(server.join(&bot, &private).await, &Refusal::NoSuchRoom);
    let invited = server.moderate(&ann, &private, &bot, Moderation::Invite);
    invited.await.expect("an invitation");
    server.join(&bot, &private).await.expect("a member");
    let muted = Moderation::Mute { until_ms: i64::MAX };
    server
        .moderate(&ann, &room, &bot, muted)
        .await
        .expect("muted");
    assert_refused(server.send(&bot, &room, "2", "hm").await, &Refusal::Muted);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_an_account_hold_for_it() {
    let server = TestServer::with(Settings {
        rooms_max: 1,
        ..Settings::default()
    })
    .await;
    let ann = server.person("ann").await;
    let bob = server.person("bob").await;
    let rooms = [
        server.public(&ann, "a").await,
        server.public(&bob, "b").await,
    ];
    let bot = service(&server, "greeter").await;
    server.join(&bot, &rooms[0]).await.expect("a member");
    let limit = "rooms_max";
    assert_refused(
        server.join(&bot, &rooms[1]).await,
        &Refusal::LimitReached { limit },
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_that_people_left_passes_to_it() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bot = service(&server, "greeter").await;
    server.join(&bot, &room).await.expect("a member");
    server.leave(&ann, &room).await.expect("left");
    assert_eq!(server.role_of(&bot, &room).await, Some(Role::Member));
    let bob = server.person("bob").await;
    server.join(&bob, &room).await.expect("a member");
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    server.leave(&bot, &room).await.expect("left");
    server.leave(&bob, &room).await.expect("left");
    server.join(&bot, &room).await.expect("a member");
    assert_eq!(
        server.role_of(&bot, &room).await,
        Some(Role::Member),
        "nor one that is empty"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_one_leaves_its_rooms_and_writes_nothing_more() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bot = service(&server, "greeter").await;
    server.join(&bot, &room).await.expect("a member");
    server.send(&bot, &room, "1", "hello").await.expect("sent");
    let name = "greeter".to_owned();
    let erased = server.store.run(EraseAccount { name }).await;
    assert!(erased.expect("no refusal"));
    server.store.quiet().await;
    assert_refused(
        server.send(&bot, &room, "2", "still here").await,
        &Refusal::NotMember,
    );
    assert_refused(server.join(&bot, &room).await, &Refusal::NoSuchUser);
    assert_eq!(
        server.kinds(&room).await,
        ["joined", "joined", "message", "left"]
    );
    assert_eq!(server.members(&ann, &room).await.count, 1);
    let other = service(&server, "greeter").await;
    assert_ne!(other.user.id, bot.user.id);
    join_and_leave(&server, &other, &room).await;
    server.close().await;
}

async fn join_and_leave(server: &TestServer, who: &Caller, room: &RoomKey) {
    server.join(who, room).await.expect("a member");
    server.leave(who, room).await.expect("left");
}
