//! The extension in a whole server, over real sockets.

use parlor::testing::{LawOfSnapshots, TestServer};
use serde_json::json;

#[tokio::test]
async fn members_see_how_many_messages_a_room_has() {
    let server = TestServer::start(my_extension::extension).await;
    let (mut alice, mut bob) = (server.account("alice").await, server.account("bob").await);
    alice.join("lounge").await;
    for body in ["hello", "is anyone here?"] {
        alice.say("lounge", body).await;
    }
    server.caught_up("my_extension").await;
    let count = alice.ok("x.my_extension.count", json!({ "room": "lounge" })).await;
    assert_eq!(count, json!({ "messages": 2 }));
    let refused = bob.ask("x.my_extension.count", json!({ "room": "lounge" })).await;
    assert_eq!(refused.unwrap_err()["name"], "not_member");
}

#[tokio::test]
async fn counts_depend_on_the_logs_alone() {
    LawOfSnapshots::of(my_extension::extension).holds().await;
}
