//! Old entries are deleted, and nobody trips over the gap.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, Settings, Store, on_both};

const DAY_MS: i64 = 86_400_000;

fn keeping_a_day() -> Settings {
    Settings::default().with("PARLOR_RETENTION_DAYS", "1")
}

/// Makes all entries of a room up to this one three days old.
async fn age(store: &Store, room: &str, upto: i64) {
    let statement = format!(
        "UPDATE entries SET at = at - {} WHERE seq <= {upto} AND room_id =
            (SELECT id FROM rooms WHERE key = '{room}')",
        3 * DAY_MS
    );
    store.sql().await.run(&statement).await;
    store.begins_anew();
}

/// Waits until a room's log begins at this `seq`.
async fn begins_at(client: &mut Client, room: &str, seq: i64) {
    let begun = async {
        loop {
            let page = client
                .ok("log", json!({"room": room, "after": 0, "limit": 1}))
                .await;
            if page["entries"][0]["seq"] == seq {
                return;
            }
            client.idle(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), begun)
        .await
        .expect("the old ones go");
}

fn seqs(entries: &Value) -> Vec<i64> {
    let entries = entries.as_array().unwrap().iter();
    entries
        .map(|entry| entry["seq"].as_i64().unwrap())
        .collect()
}

on_both! {
    async fn old_entries_go_and_cursors_move_over_them(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let early = alice.resume();
        let mut last_old = 0;
        for number in 0..1_200 {
            let ack = alice.say("lounge", &format!("old {number}")).await;
            last_old = ack["seq"].as_i64().unwrap();
        }
        let react = json!({"room": "lounge", "target": last_old, "emoji": "👍", "on": true});
        alice.ok("react", react).await;
        let edit = json!({"room": "lounge", "target": last_old, "body": "old and edited"});
        let boundary = alice.ok("edit", edit).await["seq"].as_i64().unwrap();
        let mut kept = Vec::new();
        for number in 0..5 {
            kept.push(alice.say("lounge", &format!("new {number}")).await["seq"].as_i64().unwrap());
        }
        let old_epoch = alice.greeting()["epoch"].clone();
        alice.vanish();
        bob.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        age(&store, "lounge", boundary).await;

        let server = store.serve(keeping_a_day()).await;
        let mut bob = server.account("carol").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        begins_at(&mut bob, "lounge", kept[0]).await;
        let head = bob.cursor("lounge");
        // A client that was away for long learns where the log begins now.
        let mut alice = server.hello(early).await;
        let line = alice.greeting()["rooms"]["lounge"].clone();
        assert_eq!(line, json!({"head": head, "from": kept[0], "complete": true}));
        alice.reach("lounge", head).await;
        alice.push("resumed", "").await;
        assert_eq!(alice.greeting()["epoch"], old_epoch);
        let page = alice.ok("log", json!({"room": "lounge", "after": 0, "limit": 200})).await;
        assert_eq!(seqs(&page["entries"])[..5], kept);
        let page = alice.ok("history", json!({"room": "lounge", "limit": 200})).await;
        assert_eq!(seqs(&page["messages"]), kept);
        assert_eq!(page["more"], false);
        let page = alice.ok("history", json!({"room": "lounge", "before": kept[2]})).await;
        assert_eq!(seqs(&page["messages"]), kept[..2]);
        let rooms = alice.ok("rooms", json!({})).await;
        assert_eq!(rooms["rooms"][0]["unread"], 0, "one's own: {rooms}");
        for (op, d) in [
            ("react", json!({"room": "lounge", "target": last_old, "emoji": "👍", "on": true})),
            ("edit", json!({"room": "lounge", "target": last_old, "body": "again"})),
            ("delete", json!({"room": "lounge", "target": last_old})),
            ("send", json!({"room": "lounge", "cid": "r", "body": "re", "reply_to": last_old})),
        ] {
            alice.refused(op, d, "no_such_message").await;
        }
        let next = alice.say("lounge", "goes on").await;
        assert_eq!(next["seq"], head + 1);
        for table in ["reactions", "message_states"] {
            let gone = async {
                while store.sql().await.count(table).await > 0 {
                    alice.idle(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), gone).await.expect(table);
        }
    }

    async fn the_last_entry_stays_however_old_and_the_epoch_too(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        for number in 0..10 {
            alice.say("lounge", &format!("old {number}")).await;
        }
        let resume = alice.resume();
        let head = alice.say("lounge", "the last").await["seq"].as_i64().unwrap();
        alice.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        for room in ["general", "lounge"] {
            age(&store, room, i64::MAX).await;
        }
        let server = store.serve(keeping_a_day()).await;
        let mut alice = server.hello(resume.clone()).await;
        begins_at(&mut alice, "lounge", head).await;
        alice.vanish();
        server.crash().await;
        let mut alice = server.hello(resume.clone()).await;
        assert_eq!(alice.greeting()["epoch"], resume["epoch"], "it is the same store");
        assert_eq!(alice.say("lounge", "goes on").await["seq"], head + 1);
    }

    async fn without_the_setting_nobody_looks_for_what_is_old(store: Store) {
        let server = store.server().await;
        let tasks = server.operator().get("/health/tasks").await.json();
        assert!(!tasks.to_string().contains("rooms.retention"), "{tasks}");
        assert_eq!(server.stop().await.code, Some(0));
        let server = store.serve(keeping_a_day()).await;
        let tasks = server.operator().get("/health/tasks").await.json();
        assert!(tasks.to_string().contains("rooms.retention"), "{tasks}");
    }
}
