//! The tour in a whole server: each part does what it says.

use futures_util::{SinkExt as _, StreamExt as _};
use parlor::prelude::serde_json::json;
use parlor::testing::{LawOfSnapshots, TestServer};
use std::time::Duration;
use tokio_tungstenite::{client_async, tungstenite};

#[tokio::test]
async fn members_see_the_last_words_until_they_are_deleted_or_forgotten() {
    let server = TestServer::start(tour::extension).await;
    let (mut alice, mut bob) = (server.account("alice").await, server.account("bob").await);
    let created = alice.ok("room.create", json!({ "name": "den", "kind": "private" })).await;
    let den = created["card"]["room"].as_str().unwrap().to_owned();
    let lounge = json!({ "room": den });
    let first = alice.say(&den, "between us").await;
    server.caught_up("tour").await;
    let last = alice.ok("x.tour.last", lounge.clone()).await;
    assert_eq!(last, json!({ "seq": first, "body": "between us" }));
    let refused = bob.ask("x.tour.last", lounge.clone()).await.unwrap_err();
    assert_eq!(refused["name"], "no_such_room", "{refused}");
    alice.ok("delete", json!({ "room": den, "target": first })).await;
    server.caught_up("tour").await;
    let gone = alice.ask("x.tour.last", lounge.clone()).await.unwrap_err();
    assert_eq!(gone["name"], "not_found", "{gone}");
    alice.say(&den, "again").await;
    server.caught_up("tour").await;
    for dup in [false, true] {
        let forgotten = alice.ok("x.tour.forget", lounge.clone()).await;
        assert_eq!(forgotten, json!({ "dup": dup }));
    }
}

#[tokio::test]
async fn a_crowd_is_announced_and_the_operator_sees_it() {
    let server = TestServer::with_settings(tour::extension, [("tour.crowd", "2")]).await;
    let mut alice = server.account("alice").await;
    alice.join("general").await;
    let bob = server.account("bob").await;
    let push = alice.next("x.tour.crowd").await;
    assert_eq!(push["d"], json!({ "people": 2 }));
    assert_eq!(server.health("tour").await["figures"], json!({ "online": 2 }));
    let (status, badge) = server.get(&bob, "/api/v1/x/tour/badge.svg").await;
    assert_eq!(status, 200);
    assert!(badge.as_str().unwrap().contains("2 online"), "{badge}");
    assert_eq!(server.get(&bob, "/api/v1/x/tour/other").await.0, 404);
}

#[tokio::test]
async fn lines_go_both_ways() {
    let server = TestServer::with_settings(tour::extension, [("tour.greeting", "Hello")]).await;
    let mut alice = server.account("alice").await;
    alice.join("general").await;
    let tcp = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let url = format!("ws://{}/lines/", server.address());
    let (mut lines, _) = client_async(url, tcp).await.unwrap();
    lines.send(tungstenite::Message::text("good evening")).await.unwrap();
    loop {
        let entry = alice.next("entry").await;
        if entry["d"]["body"] == "good evening" {
            break;
        }
    }
    alice.say("general", "welcome").await;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let next = tokio::time::timeout(Duration::from_secs(20), lines.next()).await;
        let message = next.expect("a line arrives").unwrap().unwrap();
        if let tungstenite::Message::Text(line) = message {
            heard.push(line.to_string());
        }
    }
    assert_eq!(heard, ["Hello", "alice: welcome"]);
}

#[tokio::test]
async fn last_words_depend_on_the_logs_alone() {
    LawOfSnapshots::of(tour::extension).holds().await;
}
