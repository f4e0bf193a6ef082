//! The index of `search` follows the logs: edits, deletions, retention, and a lost database.

use crate::search::{bodies, indexed, searching, texts};
use serde_json::json;
use tests::{Client, Kind, Server, Sql, Store, on_both};

async fn alice_in_the_lounge(server: &Server) -> Client {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    alice
}

const NOTHING: [String; 0] = [];

/// Connects to the index, whose tables are in the schema `search`.
async fn index(store: &Store) -> Sql {
    let mut sql = store.sql().await;
    if store.kind() == Kind::Sqlite {
        let file = store.folder().join("search.db");
        sql.run(&format!("ATTACH '{}' AS search", file.display()))
            .await;
    }
    sql
}

/// Returns the number of messages in the index.
async fn stored(store: &Store) -> i64 {
    let query = "SELECT count(*) AS count FROM search.messages";
    index(store).await.number(query).await
}

on_both! {
    async fn an_edited_message_is_found_by_its_new_words_alone(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let seq = alice.say("lounge", "before the edit").await["seq"].clone();
        indexed(&server).await;
        alice.ok("edit", json!({"room": "lounge", "target": seq, "body": "after a change"})).await;
        // At once, however far the index is: the text no longer has the word.
        assert_eq!(texts(&mut alice, "before").await, NOTHING);
        indexed(&server).await;
        let found = alice.ok("search", json!({"query": "change"})).await;
        assert_eq!(bodies(&found), ["after a change"]);
        let message = &found["messages"][0];
        assert!(message["seq"] == seq && message["edited_at"].is_string(), "{message}");
        assert_eq!(texts(&mut alice, "before").await, NOTHING);
        // Said and edited while the index does not follow: both are in one page.
        let seq = alice.say("lounge", "quickly said").await["seq"].clone();
        alice.ok("edit", json!({"room": "lounge", "target": seq, "body": "quickly changed"})).await;
        indexed(&server).await;
        assert_eq!(texts(&mut alice, "quickly").await, ["quickly changed"]);
    }

    async fn a_deleted_message_is_found_no_more_and_leaves_the_index(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let seq = alice.say("lounge", "a secret").await["seq"].clone();
        alice.say("lounge", "no secret").await;
        indexed(&server).await;
        alice.ok("delete", json!({"room": "lounge", "target": seq})).await;
        assert_eq!(texts(&mut alice, "secret").await, ["no secret"], "at once");
        indexed(&server).await;
        assert_eq!(texts(&mut alice, "secret").await, ["no secret"]);
        assert_eq!(server.stop().await.code, Some(0));
        assert_eq!(stored(&store).await, 1);
    }

    async fn what_retention_deletes_is_found_no_more_and_leaves_the_index(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        for number in 0..3 {
            alice.say("lounge", &format!("old word {number}")).await;
        }
        let last = alice.say("lounge", "old word 3").await["seq"].as_i64().unwrap();
        alice.say("lounge", "new word").await;
        indexed(&server).await;
        assert_eq!(texts(&mut alice, "word").await.len(), 5);
        assert_eq!(server.stop().await.code, Some(0));
        let age = format!(
            "UPDATE entries SET at = at - 259200000 WHERE seq <= {last} AND room_id =
                (SELECT id FROM rooms WHERE key = 'lounge'); DELETE FROM room_ages"
        );
        store.sql().await.run(&age).await;
        store.begins_anew();
        let server = store.serve(searching().with("PARLOR_RETENTION_DAYS", "1")).await;
        let end = tokio::time::Instant::now() + tests::LIMIT;
        while stored(&store).await != 1 {
            assert!(tokio::time::Instant::now() < end, "the old ones stay in the index");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let mut alice = server.hello(json!({"token": alice.token()})).await;
        assert_eq!(texts(&mut alice, "word").await, ["new word"]);
    }

    async fn a_lost_index_is_built_anew(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let seq = alice.say("lounge", "said before").await["seq"].clone();
        alice.ok("edit", json!({"room": "lounge", "target": seq, "body": "edited before"})).await;
        let seq = alice.say("lounge", "deleted before").await["seq"].clone();
        alice.ok("delete", json!({"room": "lounge", "target": seq})).await;
        indexed(&server).await;
        server.kill();
        server.ended().await;
        store.lose_extension("search").await;
        server.start_again().await;
        let mut alice = server.resume(&alice).await;
        indexed(&server).await;
        assert_eq!(texts(&mut alice, "before").await, ["edited before"]);
        alice.say("lounge", "said after").await;
        indexed(&server).await;
        assert_eq!(texts(&mut alice, "said").await, ["said after"]);
    }

    async fn the_operator_has_the_index_built_anew_with_one_command(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        alice.say("lounge", "one word").await;
        alice.say("lounge", "another word").await;
        indexed(&server).await;
        index(&store).await.run("DELETE FROM search.messages").await;
        assert_eq!(texts(&mut alice, "word").await, NOTHING);
        let begun = server.operator().post("/search/rebuild", &json!({})).await.ok();
        assert_eq!(begun["status"], "requested");
        let end = tokio::time::Instant::now() + tests::LIMIT;
        while texts(&mut alice, "word").await.len() < 2 {
            assert!(tokio::time::Instant::now() < end, "it is not built anew");
            alice.idle(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(texts(&mut alice, "word").await, ["another word", "one word"]);
        assert_eq!(stored(&store).await, 2);
    }

    async fn what_was_said_before_the_extension_came_is_found(store: Store) {
        let without = store.server().await;
        let mut alice = alice_in_the_lounge(&without).await;
        alice.say("lounge", "said without an index").await;
        alice.refused("search", json!({"query": "index"}), "unknown_op").await;
        assert_eq!(without.stop().await.code, Some(0));
        let server = store.serve(searching()).await;
        let mut alice = server.resume(&alice).await;
        indexed(&server).await;
        assert_eq!(texts(&mut alice, "index").await, ["said without an index"]);
    }
}
