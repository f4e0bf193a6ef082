//! Extensions that follow the logs apply every entry exactly once, and see of private rooms what they
//! may.

use serde_json::json;
use std::time::Duration;
use tests::{
    Client, Followed, Plan, Server, Settings, Store, followed_to_the_end, kills_followed, on_both,
    tallied,
};

const KILLS: Plan = Plan {
    clients: 3,
    rooms: 3,
    window: 2,
    kills: 3,
    alive_ms: 900,
};

fn followers() -> Settings {
    Settings::default().followers()
}

/// Sends messages, and changes each in every way.
async fn chat(client: &mut Client, room: &str, messages: usize) {
    for number in 0..messages {
        let text = format!("word {number}");
        let said = client.say(room, &text).await;
        let target = json!({"room": room, "target": said["seq"]});
        let mut edit = target.clone();
        edit["body"] = json!("another word");
        client.ok("edit", edit).await;
        let mut react = target.clone();
        react["emoji"] = json!("👍");
        react["on"] = json!(true);
        client.ok("react", react).await;
        if number % 3 == 0 {
            client.ok("delete", target).await;
        }
    }
}

/// Makes a room public or private.
async fn make(client: &mut Client, room: &str, kind: &str) {
    client
        .ok("room.update", json!({"room": room, "kind": kind}))
        .await;
}

/// Returns of how many messages and edits in a room `tally` saw the text, and of how many not.
async fn texts(store: &Store, room: &str) -> (i64, i64) {
    let mut followed = Followed::of(store).await;
    let core = followed.core();
    let mut count = async |has_text: &str| {
        let query = format!(
            "SELECT count(*) AS count FROM tally.applied a JOIN {core}.rooms r ON r.id = a.room_id
                WHERE r.key = '{room}' AND a.kind IN ('message', 'edited') AND {has_text}"
        );
        followed.number(&query).await
    };
    (count("has_text").await, count("NOT has_text").await)
}

async fn resumed(server: &Server, client: &Client) -> Client {
    server.hello(json!({"token": client.token()})).await
}

on_both! {
    async fn kills_at_any_moment_leave_every_entry_applied_once(store: Store) {
        let figures = kills_followed(&store, KILLS).await;
        assert_eq!(figures.wrong, 0, "{figures}");
        assert_eq!(figures.echoed, figures.asked, "said once: {figures}");
    }

    async fn what_is_heard_live_is_not_read_again(store: Store) {
        let server = store.serve(followers()).await;
        followed_to_the_end(&server, &["tally", "latest", "echo"]).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        chat(&mut alice, "lounge", 20).await;
        tallied(&store, &server).await;
        let mut followed = Followed::of(&store).await;
        let read = "SELECT count(*) AS count FROM tally.applied
            WHERE kind = 'message' AND NOT was_heard";
        assert_eq!(followed.number(read).await, 0);
        let page = followed_to_the_end(&server, &["tally", "latest", "echo"]).await;
        assert_eq!(page["follower"]["followed"], followed.applied().await);
        assert_eq!(page["follower"]["behind_for_s"], 0.0, "{page}");
        let metrics = server.scrape().await;
        let behind = metrics.sum("parlor_tally_follower_behind_entries", &[]);
        assert!(behind < 1.0, "{behind}");
        assert!(metrics.sum("parlor_tally_follower_entries_total", &[]) >= 66.0);
    }

    async fn texts_are_withheld_while_a_room_is_private(store: Store) {
        let server = store.serve(followers()).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", "open").await;
        tallied(&store, &server).await;
        assert_eq!(texts(&store, "lounge").await, (1, 0));
        make(&mut alice, "lounge", "private").await;
        for word in ["one", "two"] {
            alice.say("lounge", word).await;
        }
        tallied(&store, &server).await;
        assert_eq!(texts(&store, "lounge").await, (1, 2));
        make(&mut alice, "lounge", "public").await;
        alice.say("lounge", "open again").await;
        let _bob = server.account("bob").await;
        let direct = alice.ok("dm", json!({"user": "@bob"})).await;
        let direct = direct["card"]["room"].as_str().unwrap().to_owned();
        alice.say(&direct, "between us").await;
        tallied(&store, &server).await;
        assert_eq!(texts(&store, "lounge").await, (2, 2));
        assert_eq!(texts(&store, &direct).await, (0, 1));
        let mut followed = Followed::of(&store).await;
        let titles = "SELECT count(*) AS count FROM tally.applied WHERE kind = 'room' AND has_text";
        assert_eq!(followed.number(titles).await, 1, "of the change back to public");

        // What counts is the room as it is when its log is read.
        make(&mut alice, "lounge", "private").await;
        server.kill();
        server.ended().await;
        drop(followed);
        store.lose_extension("tally").await;
        server.start_again().await;
        tallied(&store, &server).await;
        assert_eq!(texts(&store, "lounge").await, (0, 4));
        let mut alice = resumed(&server, &alice).await;
        make(&mut alice, "lounge", "public").await;
        server.kill();
        server.ended().await;
        store.lose_extension("tally").await;
        server.start_again().await;
        tallied(&store, &server).await;
        assert_eq!(texts(&store, "lounge").await, (4, 0));
    }

    async fn an_entry_that_cannot_be_applied_is_named_and_chat_goes_on(store: Store) {
        let server = store.serve(followers().with("PARLOR_TALLY_REFUSES", "poison")).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let before = alice.say("lounge", "hello").await["seq"].as_i64().unwrap();
        let poison = alice.say("lounge", "poison").await["seq"].as_i64().unwrap();
        let line = server.logged("the follower cannot go on").await;
        assert!(line.contains("\"tally\"") && line.contains("lounge"), "{line}");
        chat(&mut alice, "lounge", 5).await;
        let end = tokio::time::Instant::now() + tests::LIMIT;
        let page = loop {
            let page = server.operator().get("/health/tally").await.ok();
            let cause = page["cause"].as_str().unwrap_or_default();
            if cause.contains(&format!("in room lounge, entries {poison} to {poison}: it refuses")) {
                break page;
            }
            assert!(tokio::time::Instant::now() < end, "{page}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(page["status"], "degraded");
        assert!(page["follower"]["behind"].as_i64() >= Some(16), "{page}");
        assert!(page["follower"]["behind_for_s"].as_f64() > Some(0.0), "{page}");
        followed_to_the_end(&server, &["latest", "echo"]).await;
        let mut followed = Followed::of(&store).await;
        let last = "SELECT max(seq) AS count FROM tally.applied a WHERE a.room_id =
            (SELECT max(room_id) FROM tally.applied)";
        assert_eq!(followed.number(last).await, before);
        assert_eq!(server.stop().await.code, Some(0));
        let server = store.serve(followers()).await;
        tallied(&store, &server).await;
    }
}
