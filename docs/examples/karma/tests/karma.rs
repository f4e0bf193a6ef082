//! Karma in a whole server.

use parlor::testing::{LawOfSnapshots, TestServer};
use serde_json::json;

#[tokio::test]
async fn whoever_is_thanked_gets_a_point() {
    let server = TestServer::start(karma::extension).await;
    let (mut alice, mut bob) = (server.account("alice").await, server.account("bob").await);
    for person in [&mut alice, &mut bob] {
        person.join("lounge").await;
    }
    alice.say("lounge", "thank you @bob ++").await;
    alice.say("lounge", "thank me, @alice ++").await;
    bob.say("lounge", "hello @alice").await;
    server.caught_up("karma").await;
    let top = alice.ok("x.karma.top", json!({})).await;
    assert_eq!(top, json!([{ "name": "bob", "points": 1 }]));
    let (status, over_http) = server.get(&bob, "/api/v1/x/karma/top?limit=1").await;
    assert_eq!((status, over_http), (200, top));
    let (status, refused) = server.get(&bob, "/api/v1/x/karma/top?limit=many").await;
    assert_eq!((status, &refused["err"]["field"]), (400, &json!("limit")), "{refused}");
}

#[tokio::test]
async fn points_depend_on_the_logs_alone() {
    LawOfSnapshots::of(karma::extension).saying(&["@bob ++", "@alice @bob ++"]).holds().await;
}
