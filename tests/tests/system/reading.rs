//! `log`, `history`, `read`.

use serde_json::{Value, json};
use tests::{Client, Server, on_both};

/// Alice owns a room in which she sent `m1`, `m2`, …; bob has joined after that.
async fn messages(server: &Server, count: usize) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut commands = Vec::new();
    for number in 1..=count {
        let send =
            json!({"room": "lounge", "cid": format!("m{number}"), "body": format!("m{number}")});
        commands.push(alice.post("send", send).await);
    }
    for command in commands {
        alice.reply(command).await.unwrap();
    }
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

fn bodies(page: &Value) -> Vec<&str> {
    let messages = page["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["body"].as_str().unwrap_or("-"))
        .collect()
}

fn seqs(page: &Value) -> Vec<i64> {
    let entries = page["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["seq"].as_i64().unwrap())
        .collect()
}

on_both! {
    async fn log_gives_the_room_in_pages_without_a_gap(store: Store) {
        let server = store.server().await;
        let (_alice, mut bob) = messages(&server, 10).await;
        let first = bob.ok("log", json!({"room": "lounge", "after": 0, "limit": 5})).await;
        assert_eq!(seqs(&first), [1, 2, 3, 4, 5]);
        assert_eq!(first["head"], 12);
        let rest = bob.ok("log", json!({"room": "lounge", "after": 5})).await;
        assert_eq!(seqs(&rest), [6, 7, 8, 9, 10, 11, 12]);
        let none = bob.ok("log", json!({"room": "lounge", "after": 12})).await;
        assert_eq!((seqs(&none), &none["head"]), (vec![], &json!(12)));
        let beyond = bob.ok("log", json!({"room": "lounge", "after": 99})).await;
        assert_eq!(seqs(&beyond), [0; 0]);
    }

    async fn a_page_has_at_most_200_entries_and_50_when_nothing_is_said(store: Store) {
        let server = store.server().await;
        let (_alice, mut bob) = messages(&server, 250).await;
        let clipped = bob.ok("log", json!({"room": "lounge", "after": 0, "limit": 1_000})).await;
        assert_eq!(seqs(&clipped).len(), 200);
        let usual = bob.ok("log", json!({"room": "lounge", "after": 0})).await;
        assert_eq!(seqs(&usual).len(), 50);
        let history = bob.ok("history", json!({"room": "lounge", "limit": 1_000})).await;
        assert_eq!((bodies(&history).len(), &history["more"]), (200, &json!(true)));
        let join = bob.ok("join", json!({"room": "lounge"})).await;
        assert_eq!((seqs(&join).len(), &join["complete"]), (50, &json!(false)));
    }

    async fn a_page_ends_at_128_kib_but_holds_one_entry(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let long = "🦀".repeat(4_000);
        for _ in 0..20 {
            alice.say("lounge", &long).await;
        }
        let mut after = 0;
        let mut pages = 0;
        while after < 21 {
            let page = alice.ok("log", json!({"room": "lounge", "after": after, "limit": 200})).await;
            let size = page.to_string().len();
            assert!(size < 150 * 1024, "a page of {size} bytes");
            after = *seqs(&page).last().expect("at least one entry");
            pages += 1;
        }
        assert!((3..=21).contains(&pages), "{pages} pages");
        let history = alice.ok("history", json!({"room": "lounge", "limit": 200})).await;
        assert_eq!(history["more"], true);
        assert!(!bodies(&history).is_empty());
    }

    async fn history_reads_in_both_directions(store: Store) {
        let server = store.server().await;
        let (_alice, mut bob) = messages(&server, 9).await;
        let ask = async |bob: &mut Client, d: Value| {
            let mut d = d;
            d["room"] = json!("lounge");
            bob.ok("history", d).await
        };
        // Message number n has seq n + 1: the first entry of the room is its creator's `joined`.
        let newest = ask(&mut bob, json!({"limit": 3})).await;
        assert_eq!((bodies(&newest), &newest["more"]), (vec!["m7", "m8", "m9"], &json!(true)));
        assert_eq!(newest["head"], 11);
        let before = ask(&mut bob, json!({"before": 4, "limit": 5})).await;
        assert_eq!((bodies(&before), &before["more"]), (vec!["m1", "m2"], &json!(false)));
        let after = ask(&mut bob, json!({"after": 4, "limit": 2})).await;
        assert_eq!((bodies(&after), &after["more"]), (vec!["m4", "m5"], &json!(true)));
        let end = ask(&mut bob, json!({"after": 8, "limit": 5})).await;
        assert_eq!((bodies(&end), &end["more"]), (vec!["m8", "m9"], &json!(false)));
        let around = ask(&mut bob, json!({"around": 6, "limit": 3})).await;
        assert_eq!((bodies(&around), &around["more"]), (vec!["m4", "m5", "m6"], &json!(true)));
        let whole = ask(&mut bob, json!({})).await;
        assert_eq!((bodies(&whole).len(), &whole["more"]), (9, &json!(false)));
    }

    async fn history_takes_one_anchor(store: Store) {
        let server = store.server().await;
        let (_alice, mut bob) = messages(&server, 1).await;
        let two = json!({"room": "lounge", "before": 3, "after": 1});
        bob.refused("history", two, "bad_request").await;
        for limit in [json!(0), json!(-1), json!("ten"), json!(1.5)] {
            let d = json!({"room": "lounge", "limit": limit});
            if let Err(refusal) = bob.call("history", d).await {
                assert_eq!(refusal, "bad_request");
                assert_eq!(refusal.all["field"], "limit");
            }
        }
    }

    async fn history_and_log_agree_about_every_message(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = messages(&server, 3).await;
        alice.ok("edit", json!({"room": "lounge", "target": 2, "body": "M1"})).await;
        alice.ok("delete", json!({"room": "lounge", "target": 3})).await;
        bob.ok("react", json!({"room": "lounge", "target": 4, "emoji": "👍", "on": true})).await;
        let log = bob.ok("log", json!({"room": "lounge", "after": 0})).await;
        let history = bob.ok("history", json!({"room": "lounge"})).await;
        assert_eq!(history["head"], log["head"]);
        assert_eq!(bodies(&history), ["M1", "-", "m3"]);
        for message in history["messages"].as_array().unwrap() {
            let entries = log["entries"].as_array().unwrap();
            let entry = entries.iter().find(|entry| entry["seq"] == message["seq"]).unwrap();
            for field in ["id", "cid", "author", "at"] {
                assert_eq!(entry[field], message[field]);
            }
        }
    }

    async fn a_marker_moves_forward_only(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = messages(&server, 3).await;
        let head = bob.cursor("lounge");
        for number in 0..3 {
            alice.say("lounge", &format!("news {number}")).await;
        }
        let line = bob.ok("rooms", json!({})).await["rooms"][0].clone();
        assert_eq!((&line["unread"], &line["read"]), (&json!(3), &json!(head)), "its own joined");
        let read = bob.ok("read", json!({"room": "lounge", "seq": head + 2})).await;
        assert_eq!(read, json!({"seq": head + 2, "unread": 1, "mentions": 0}));
        let back = bob.ok("read", json!({"room": "lounge", "seq": head})).await;
        assert_eq!(back["seq"], head + 2, "never back");
        let beyond = bob.ok("read", json!({"room": "lounge", "seq": head + 100})).await;
        assert_eq!(beyond, json!({"seq": head + 3, "unread": 0, "mentions": 0}), "clipped");
    }

    async fn a_marker_is_told_to_the_other_connections_of_the_user(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = messages(&server, 1).await;
        let mut tab = server.tab(&bob, "tab").await;
        let ack = alice.say("lounge", "@bob news").await;
        let read = bob.ok("read", json!({"room": "lounge", "seq": ack["seq"]})).await;
        assert_eq!(tab.push("read", "lounge").await, read);
        bob.settle().await;
        alice.settle().await;
        assert!(bob.pushed("read", "lounge").is_empty(), "it has its reply");
        assert!(alice.pushed("read", "lounge").is_empty(), "it is nobody else's");
    }

    async fn neither_own_nor_deleted_messages_are_unread(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = messages(&server, 1).await;
        bob.say("lounge", "my own").await;
        let gone = alice.say("lounge", "@bob deleted").await["seq"].clone();
        alice.say("lounge", "@bob stays").await;
        alice.ok("delete", json!({"room": "lounge", "target": gone})).await;
        let line = bob.ok("rooms", json!({})).await["rooms"][0].clone();
        assert_eq!((&line["unread"], &line["mentions"]), (&json!(1), &json!(1)));
    }

    async fn unread_is_capped_at_999(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let mut commands = Vec::new();
        for number in 0..1_005 {
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": "more"});
            commands.push(alice.post("send", send).await);
            if commands.len() == 200 {
                for command in commands.drain(..) {
                    alice.reply(command).await.unwrap();
                }
            }
        }
        for command in commands {
            alice.reply(command).await.unwrap();
        }
        let line = bob.ok("rooms", json!({})).await["rooms"][0].clone();
        assert_eq!(line["unread"], 999);
    }
}
