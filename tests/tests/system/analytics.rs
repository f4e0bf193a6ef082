//! Messages are counted exactly once, whatever happens to the second database; and chat does not
//! notice what happens to it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tests::{Client, LIMIT, SecondDatabase, Server, Store, on_both};

/// Longest time until the counts are exact again.
const EXACT: Duration = Duration::from_secs(40);

/// Longest acknowledgement: chat must not notice anything.
const AT_ONCE: Duration = Duration::from_secs(2);

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

/// Sends this many messages, each acknowledged before the next.
async fn chat(client: &mut Client, words: usize) {
    for word in 0..words {
        let text = format!("word {word}");
        let ack = tokio::time::timeout(AT_ONCE, client.say("lounge", &text)).await;
        ack.expect("chat does not notice");
    }
}

/// Returns the number of messages by room, from the log.
async fn stored(store: &Store) -> BTreeMap<String, i64> {
    let mut rooms = BTreeMap::new();
    for entry in store.sql().await.entries().await {
        if entry.cid.is_some() {
            *rooms.entry(entry.room).or_default() += 1;
        }
    }
    rooms
}

/// Returns the number of messages by room, as counted.
fn counted(page: &Value) -> BTreeMap<String, i64> {
    let rooms = page["figures"]["last_24h"]["rooms"].as_array();
    let rooms = rooms.into_iter().flatten();
    rooms
        .map(|room| {
            let hours = room["hours"].as_array().unwrap();
            let sum: i64 = hours.iter().map(|hour| hour[1].as_i64().unwrap()).sum();
            assert_eq!(room["messages"], sum, "{room}");
            (room["room"].as_str().unwrap().to_owned(), sum)
        })
        .collect()
}

/// Waits until the counts that the operator sees equal the log.
async fn exact(store: &Store, server: &Server) -> Value {
    let stored = stored(store).await;
    let end = tokio::time::Instant::now() + EXACT;
    loop {
        let page = server.operator().get("/health/analytics").await.ok();
        let shown = page["figures"].is_object() && page["status"] == "ok";
        if shown && counted(&page) == stored {
            assert_eq!(
                page["figures"]["last_24h"]["messages"],
                stored.values().sum::<i64>()
            );
            return page;
        }
        assert!(
            tokio::time::Instant::now() < end,
            "{stored:?} was stored, but {page}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the server reports this state.
async fn says(server: &Server, word: &str) {
    let end = tokio::time::Instant::now() + LIMIT;
    while server.api().get("/health").await.body != word {
        assert!(
            tokio::time::Instant::now() < end,
            "the server never reported {word}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_both! {
    async fn what_is_said_is_counted_once_by_room_and_by_who_was_there(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        let (mut alice, mut bob) = lounge(&server).await;
        chat(&mut alice, 20).await;
        bob.open("den").await;
        let said = bob.say("den", "alone").await;
        bob.ok("edit", json!({"room": "den", "target": said["seq"], "body": "on my own"})).await;
        let page = exact(&store, &server).await;
        let figures = &page["figures"];
        assert_eq!(counted(&page), BTreeMap::from([("lounge".to_owned(), 20), ("den".to_owned(), 1)]));
        let active = &figures["active_users"];
        let days = active["today"].as_i64().unwrap() + active["yesterday"].as_i64().unwrap();
        assert!((2..=4).contains(&days), "two people, perhaps on both sides of midnight: {page}");
        let sends = figures["accept_to_commit_ms"]["sends"].as_array().unwrap();
        let sends: i64 = sends.iter().map(|sends| sends.as_i64().unwrap()).sum();
        assert_eq!(sends, 21, "all were heard live");
        let databases = server.operator().get("/health/databases").await.ok();
        assert_eq!(databases["databases"]["analytics"]["critical"], false);
        let pool = server.operator().get("/health/db-pool").await.ok();
        assert_eq!(pool["databases"]["analytics"]["max"], 5);
    }

    async fn what_was_said_before_and_between_crashes_is_counted_once(store: Store) {
        let without = store.server().await;
        let (mut alice, _bob) = lounge(&without).await;
        chat(&mut alice, 30).await;
        assert_eq!(without.stop().await.code, Some(0));
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        for _ in 0..4 {
            let mut alice = server.hello(json!({"token": alice.token()})).await;
            chat(&mut alice, 25).await;
            // Often in the middle of counting.
            server.crash().await;
        }
        let page = exact(&store, &server).await;
        assert_eq!(counted(&page)["lounge"], 130);
    }

    async fn a_database_of_the_version_before_extensions_goes_on_with_its_counts(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        let (mut alice, _bob) = lounge(&server).await;
        chat(&mut alice, 10).await;
        exact(&store, &server).await;
        assert_eq!(server.stop().await.code, Some(0));
        let mut sql = beside.sql().await;
        sql.run(
            "DROP TABLE kept; DROP TABLE room_keys; DELETE FROM __diesel_schema_migrations
                WHERE version < '20261121' OR version = '20261201000012'",
        )
        .await;
        // Not what counting anew would find.
        sql.run("UPDATE room_hours SET messages = messages + 100").await;
        let latencies = sql.count("latencies").await;
        drop(sql);
        server.start_again().await;
        let mut alice = server.resume(&alice).await;
        chat(&mut alice, 5).await;
        let end = tokio::time::Instant::now() + EXACT;
        loop {
            let page = server.operator().get("/health/analytics").await.ok();
            if page["figures"].is_object() && counted(&page).get("lounge") == Some(&115) {
                break;
            }
            assert!(tokio::time::Instant::now() < end, "{page}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(beside.sql().await.count("latencies").await >= latencies);
    }

    async fn a_database_that_was_lost_is_counted_anew(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        let (mut alice, _bob) = lounge(&server).await;
        chat(&mut alice, 30).await;
        exact(&store, &server).await;
        server.kill();
        server.ended().await;
        beside.lose().await;
        server.start_again().await;
        let mut alice = server.resume(&alice).await;
        chat(&mut alice, 5).await;
        let page = exact(&store, &server).await;
        assert_eq!(counted(&page)["lounge"], 35);
    }

    async fn a_database_that_was_lost_under_the_server_is_counted_anew_after_a_reset(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        let (mut alice, _bob) = lounge(&server).await;
        chat(&mut alice, 10).await;
        exact(&store, &server).await;
        server.expect_trouble();
        beside.lose().await;
        chat(&mut alice, 10).await;
        let operator = server.operator();
        let reset = operator.post("/databases/analytics/reset", &json!({})).await.ok();
        assert_eq!(reset["condition"], "connected", "{reset}");
        chat(&mut alice, 5).await;
        let page = exact(&store, &server).await;
        assert_eq!(counted(&page)["lounge"], 25);
    }

    async fn a_database_that_falls_silent_disturbs_nobody_and_is_caught_up(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        let (mut alice, _bob) = lounge(&server).await;
        chat(&mut alice, 5).await;
        exact(&store, &server).await;
        let silence = beside.silence().await;
        chat(&mut alice, 50).await;
        says(&server, "degraded").await;
        assert_eq!(server.operator().get("/health/ready").await.status.as_u16(), 200);
        chat(&mut alice, 50).await;
        drop(silence);
        let page = exact(&store, &server).await;
        assert_eq!(counted(&page)["lounge"], 105);
        says(&server, "ok").await;
    }

    async fn a_database_that_is_silent_does_not_hold_up_a_stop(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        let (mut alice, _bob) = lounge(&server).await;
        exact(&store, &server).await;
        let silence = beside.silence().await;
        chat(&mut alice, 5).await;
        // By then the counter hangs in its write.
        says(&server, "degraded").await;
        let began = tokio::time::Instant::now();
        let exit = server.stop().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
        drop(silence);
        server.start_again().await;
        exact(&store, &server).await;
    }

    async fn a_database_that_is_away_at_the_start_is_waited_for_while_people_chat(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let hidden = beside.hide();
        let server = store.serve(beside.settings()).await;
        let (mut alice, _bob) = lounge(&server).await;
        chat(&mut alice, 20).await;
        says(&server, "degraded").await;
        server.logged("a database is lost").await;
        drop(hidden);
        let page = exact(&store, &server).await;
        assert_eq!(counted(&page)["lounge"], 20);
        server.logged("a database is recovered").await;
    }

    async fn the_operator_resets_one_database_and_people_stay(store: Store) {
        let beside = SecondDatabase::of(&store).await;
        let server = store.serve(beside.settings()).await;
        let (mut alice, mut bob) = lounge(&server).await;
        chat(&mut alice, 5).await;
        for name in ["analytics", "core"] {
            let path = format!("/databases/{name}/reset");
            let done = server.operator().post(&path, &json!({})).await.ok();
            assert_eq!(done["condition"], "connected", "{done}");
        }
        let operator = server.operator();
        let unknown = operator.post("/databases/elsewhere/reset", &json!({})).await;
        assert_eq!(unknown.status.as_u16(), 404);
        let path = "/databases/core/reset";
        let page = [("origin", "http://evil.example")];
        let of_a_page = operator.send(http::Method::POST, path, &page, "".into()).await;
        assert_eq!(of_a_page.status.as_u16(), 403);
        chat(&mut alice, 5).await;
        bob.reach("lounge", 12).await;
        let page = exact(&store, &server).await;
        assert_eq!(counted(&page)["lounge"], 10);
    }
}
