//! The database is lost, slow, or written by another node.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{
    Client, Hold, Kind, LIMIT, Server, Settings, judge, on_both, on_postgres, on_sqlite, snag,
    unsnag,
};

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

/// Writes what another node would write: a copy of the last message with the next `seq`.
const ANOTHER_NODES_MESSAGE: &str = "
    INSERT INTO entries (room_id, seq, kind, author_id, at, cid, body, body_hash)
        SELECT e.room_id, e.seq + 1, e.kind, e.author_id, e.at, 'of-another-node', e.body, e.body_hash
        FROM entries e JOIN rooms r ON r.id = e.room_id AND r.head = e.seq WHERE r.key = 'lounge';
    UPDATE rooms SET head = head + 1 WHERE key = 'lounge';";

on_both! {
    async fn a_send_whose_time_is_up_during_its_commit_is_stored_pushed_and_found(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let (mut alice, mut bob) = lounge(&server).await;
        let send = json!({"room": "lounge", "cid": "held", "body": "said in bad times"});
        snag(&store).await;
        let refusal = alice.call("send", send.clone()).await.unwrap_err();
        assert_eq!(refusal, "outcome_unknown");
        let ack = loop {
            match alice.call("send", send.clone()).await {
                Ok(ack) => break ack,
                Err(refusal) => assert_eq!(refusal.all["retryable"], true, "{}", refusal.all),
            }
        };
        assert_eq!(bob.entry("lounge", "message").await["seq"], ack["seq"]);
        assert_eq!(ack["dup"], true);
        unsnag(&store).await;
        bob.settle().await;
        assert!(bob.pushed("entry", "lounge").is_empty(), "once");
        alice.say("lounge", "all is well").await;
    }

    async fn an_entry_of_another_node_is_delivered_before_the_next_one(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        alice.say("lounge", "from here").await;
        store.sql().await.run(ANOTHER_NODES_MESSAGE).await;
        let ack = alice.say("lounge", "from here again").await;
        for client in [&mut alice, &mut bob] {
            client.reach("lounge", ack["seq"].as_i64().unwrap()).await;
            let entries = client.pushed("entry", "lounge");
            let cids: Vec<_> = entries.iter().map(|entry| entry["cid"].clone()).collect();
            assert!(cids.contains(&json!("of-another-node")), "{cids:?}");
        }
    }

    async fn an_entry_of_another_node_is_noticed_within_fifteen_seconds(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let ack = alice.say("lounge", "from here").await["seq"].as_i64().unwrap();
        store.sql().await.run(ANOTHER_NODES_MESSAGE).await;
        let limit = Duration::from_secs(16);
        let of_the_other = |entry: &Value| entry["cid"] == "of-another-node";
        let entry = bob.push_where("entry", "lounge", limit, of_the_other).await;
        assert_eq!(entry["seq"], ack + 1);
        alice.push_where("entry", "lounge", LIMIT, of_the_other).await;
    }
}

on_postgres! {
    async fn a_database_that_went_away_comes_back(store: Store) {
        let server = store.serve(Settings::default().linked()).await;
        server.expect_trouble();
        let (mut alice, mut bob) = lounge(&server).await;
        store.link().cut();
        let send = json!({"room": "lounge", "cid": "c", "body": "into the void"});
        let refusal = alice.call("send", send.clone()).await.unwrap_err();
        assert!(refusal == "storage_unavailable" || refusal == "outcome_unknown", "{}", refusal.all);
        let health = server.api().get("/health").await;
        assert!(matches!(health.status.as_u16(), 200 | 503));
        store.link().open();
        let end = tokio::time::Instant::now() + Duration::from_secs(30);
        // A new database connection reads the epoch again; it has not changed.
        while alice.call("send", send.clone()).await.is_err() {
            assert!(tokio::time::Instant::now() < end, "it came back");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bob.entry("lounge", "message").await;
    }
}

on_sqlite! {
    async fn reading_goes_on_while_a_commit_hangs(store: Store) {
        // With a single connection, reading would wait for the commit.
        let server = store.serve(Settings::default().pool_of(2)).await;
        server.expect_trouble();
        let (mut alice, mut bob) = lounge(&server).await;
        alice.say("lounge", "hello").await;
        let hold = Hold::of(&store).await;
        let sent = alice.post("send", json!({"room": "lounge", "cid": "c", "body": "x"})).await;
        let before = tokio::time::Instant::now();
        let history = bob.ok("history", json!({"room": "lounge"})).await;
        assert_eq!(history["messages"][0]["body"], "hello");
        // Nobody waits for the commit, which is still held.
        assert!(before.elapsed() < Duration::from_secs(4));
        hold.release();
        let _ = alice.reply(sent).await;
    }
}

/// Simulates a restore or a promotion under a running server.
const ANOTHER_EPOCH: &str = "UPDATE storage_meta SET value = 'another' WHERE key = 'epoch';
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'parlor%';";

#[test]
fn an_epoch_that_changes_under_the_server_closes_all_sockets() {
    judge(Kind::Postgres, "another epoch", async |store| {
        let server = store.server().await;
        server.expect_trouble();
        let (mut alice, mut bob) = lounge(&server).await;
        alice.say("lounge", "before").await;
        let resume = bob.resume();
        store.sql().await.run(ANOTHER_EPOCH).await;
        for client in [&mut alice, &mut bob] {
            let closed = client.closed_within(Duration::from_secs(10)).await;
            assert_eq!(closed.code, Some(1012), "{closed:?}");
        }
        let back = server.hello(resume.clone()).await;
        assert_ne!(back.greeting()["epoch"], resume["epoch"]);
        assert_eq!(back.greeting()["resumed"], false);
        assert_eq!(back.greeting()["rooms"]["lounge"]["reset"], true);
    });
}

/// Returns the session that holds the lock on the store.
const LOCK_HOLDER: &str = "SELECT coalesce(max(pid), 0)::bigint AS count FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND classid = 1885434476 AND objid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[test]
fn a_parted_network_costs_no_socket_though_postgres_keeps_the_old_lock() {
    judge(Kind::Postgres, "parted", async |store| {
        let server = store.serve(Settings::default().linked()).await;
        server.expect_trouble();
        let (mut alice, mut bob) = lounge(&server).await;
        let mut sql = store.sql().await;
        let before = sql.number(LOCK_HOLDER).await;
        assert_ne!(before, 0);
        store.link().forget();
        let end = tokio::time::Instant::now() + Duration::from_secs(30);
        while [0, before].contains(&sql.number(LOCK_HOLDER).await) {
            assert!(tokio::time::Instant::now() < end, "it is taken back");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let send = json!({"room": "lounge", "cid": "c", "body": "whole again"});
        while alice.call("send", send.clone()).await.is_err() {
            assert!(tokio::time::Instant::now() < end, "it came back");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bob.entry("lounge", "message").await;
    });
}
