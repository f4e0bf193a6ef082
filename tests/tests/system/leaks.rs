//! Nothing remains of what has gone: no task, no descriptor, no map entry.

use serde_json::json;
use std::time::Duration;
use tests::{
    Footprint, Hold, Server, Settings, churn, on_both, on_postgres, on_sqlite, snag, unsnag,
};

const SOON: Duration = Duration::from_secs(20);
/// Memory that an allocator may keep of some hundred connections.
const MEMORY: f64 = 24.0 * 1024.0 * 1024.0;

/// Returns the only log line with this trace.
async fn line_of(server: &Server, trace: &str) -> String {
    server.logged(trace).await;
    let mut lines = server.lines();
    lines.retain(|line| line.contains(trace));
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

/// Makes a message with this text kill the database connection that commits it.
const DIE_AT_COMMIT: &str = "
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.body = 'die' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die();";

on_both! {
    async fn connections_that_break_off_leave_nothing(store: Store) {
        let server = store.serve(Settings::default().pool_of(2)).await;
        let token = server.register("alice").await;
        let _alice = server.hello(json!({"token": token, "tab": "kept"})).await;
        let idle = Footprint::of(&server).await;
        churn(&server, &token, 60).await;
        // A person who has gone is remembered for a minute, with their rooms.
        let idle = Footprint { hub: [1.0, f64::INFINITY, 1.0], ..idle };
        let warm = idle.regained(&server, f64::INFINITY, SOON).await;
        churn(&server, &token, 300).await;
        let warm = Footprint { hub: idle.hub, ..warm };
        warm.regained(&server, MEMORY, SOON).await;
    }

    async fn rooms_that_were_left_are_forgotten(store: Store) {
        let server = store.serve(Settings::default().pool_of(2)).await;
        let (mut alice, mut bob) = (server.account("alice").await, server.account("bob").await);
        let before = Footprint::of(&server).await;
        for number in 0..20 {
            let room = format!("room-{number}");
            alice.open(&room).await;
            bob.ok("join", json!({"room": room})).await;
            bob.ok("typing", json!({"room": room, "on": true})).await;
        }
        let amid = Footprint::of(&server).await;
        assert_eq!((before.hub[2].to_string(), amid.hub[2].to_string()), ("0".into(), "20".into()));
        for number in 0..20 {
            let room = format!("room-{number}");
            bob.ok("leave", json!({"room": room})).await;
            alice.ok("leave", json!({"room": room})).await;
        }
        before.regained(&server, MEMORY, SOON).await;
    }

    async fn jobs_and_reads_that_fail_leave_nothing(store: Store) {
        let server = store.serve(Settings::default().pool_of(2)).await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let seq = alice.say("lounge", "react!").await["seq"].clone();
        let before = Footprint::of(&server).await;
        store.sql().await.run("ALTER TABLE reactions RENAME TO hidden").await;
        for emoji in '😀'..='😓' {
            let react = json!({"room": "lounge", "target": seq, "emoji": emoji, "on": true});
            alice.refused("react", react, "internal").await;
            alice.refused("history", json!({"room": "lounge"}), "internal").await;
        }
        store.sql().await.run("ALTER TABLE hidden RENAME TO reactions").await;
        alice.ok("history", json!({"room": "lounge"})).await;
        before.regained(&server, MEMORY, SOON).await;
    }

    async fn a_failure_is_told_with_a_trace_and_logged_once_with_its_cause(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let seq = alice.say("lounge", "react!").await["seq"].clone();
        store.sql().await.run("ALTER TABLE reactions RENAME TO hidden").await;
        let react = json!({"room": "lounge", "target": seq, "emoji": "👍", "on": true});
        for (op, d) in [("react", react), ("history", json!({"room": "lounge"}))] {
            let refusal = alice.refused(op, d, "internal").await;
            let trace = refusal.all["trace"].as_str().unwrap().to_owned();
            server.logged(&trace).await;
            let lines = server.lines();
            let lines: Vec<_> = lines.iter().filter(|line| line.contains(&trace)).collect();
            assert_eq!(lines.len(), 1, "{op}: {lines:?}");
            assert!(lines[0].contains("reactions"), "{op}: the cause is said: {}", lines[0]);
        }
        store.sql().await.run("ALTER TABLE hidden RENAME TO reactions").await;
        alice.say("lounge", "the connection lives").await;
    }
    async fn an_outcome_that_is_unknown_has_its_trace_in_the_log_with_the_cause(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        snag(&store).await;
        let held = json!({"room": "lounge", "cid": "held", "body": "slowly"});
        let refusal = alice.refused("send", held, "outcome_unknown").await;
        let line = line_of(&server, refusal.all["trace"].as_str().unwrap()).await;
        assert!(line.contains("it took longer than its callers wait"), "{line}");
        unsnag(&store).await;
    }
}

on_postgres! {
    async fn a_connection_that_dies_in_its_commit_has_its_trace_in_the_log(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        store.sql().await.run(DIE_AT_COMMIT).await;
        let dies = json!({"room": "lounge", "cid": "dies", "body": "die"});
        let refusal = alice.refused("send", dies, "outcome_unknown").await;
        let line = line_of(&server, refusal.all["trace"].as_str().unwrap()).await;
        assert!(line.contains("the outcome of a batch is unknown"), "{line}");
        assert!(line.contains("fault"), "{line}");
    }
}

on_sqlite! {
    async fn who_is_told_to_come_again_finds_the_cause_in_the_log(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let hold = Hold::of(&store).await;
        let send = json!({"room": "lounge", "cid": "c", "body": "x"});
        let refusal = alice.refused("send", send, "storage_unavailable").await;
        let line = line_of(&server, refusal.all["trace"].as_str().unwrap()).await;
        assert!(line.contains("refused callers: retry later"), "{line}");
        assert!(line.contains("database is locked"), "{line}");
        hold.release();
    }
}
