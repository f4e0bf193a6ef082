//! Resuming: missed entries follow, once and in order.

use serde_json::{Value, json};
use tests::{Client, Server, on_both};

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

async fn say_many(client: &mut Client, room: &str, count: usize) -> i64 {
    let mut head = 0;
    for chunk in (0..count).collect::<Vec<_>>().chunks(200) {
        let mut commands = Vec::new();
        for number in chunk {
            let cid = format!("many-{number}-{}", rand_suffix());
            let send = json!({"room": room, "cid": cid, "body": format!("message {number}")});
            commands.push(client.post("send", send).await);
        }
        for command in commands {
            head = client.reply(command).await.unwrap()["seq"]
                .as_i64()
                .unwrap();
        }
    }
    head
}

fn rand_suffix() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn seqs(entries: &[Value]) -> Vec<i64> {
    entries
        .iter()
        .map(|entry| entry["seq"].as_i64().unwrap())
        .collect()
}

on_both! {
    async fn nothing_missed(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let cursor = bob.cursor("lounge");
        let mut back = server.resume(&bob).await;
        assert_eq!(back.greeting()["resumed"], true);
        let line = &back.greeting()["rooms"]["lounge"];
        assert_eq!(*line, json!({"head": cursor, "from": cursor + 1, "complete": true}));
        back.push("resumed", "").await;
        assert!(back.pushed("entry", "lounge").is_empty());
        let ack = alice.say("lounge", "live").await;
        assert_eq!(back.entry("lounge", "message").await["seq"], ack["seq"]);
    }

    async fn some_missed(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let cursor = bob.cursor("lounge");
        let resume = bob.resume();
        bob.vanish();
        let head = say_many(&mut alice, "lounge", 20).await;
        let mut back = server.hello(resume).await;
        let line = &back.greeting()["rooms"]["lounge"];
        assert_eq!(*line, json!({"head": head, "from": cursor + 1, "complete": true}));
        back.push("resumed", "").await;
        let replayed = back.pushed("entry", "lounge");
        assert_eq!(seqs(&replayed), (cursor + 1..=head).collect::<Vec<_>>());
        alice.say("lounge", "live").await;
        back.reach("lounge", head + 1).await;
    }

    async fn exactly_the_limit_missed(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let resume = bob.resume();
        let cursor = bob.cursor("lounge");
        bob.vanish();
        let head = say_many(&mut alice, "lounge", 1_000).await;
        let mut back = server.hello(resume).await;
        let line = &back.greeting()["rooms"]["lounge"];
        assert_eq!(*line, json!({"head": head, "from": cursor + 1, "complete": true}));
        back.push("resumed", "").await;
        assert_eq!(back.pushed("entry", "lounge").len(), 1_000);
    }

    async fn more_than_the_limit_missed(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let resume = bob.resume();
        let cursor = bob.cursor("lounge");
        bob.vanish();
        let head = say_many(&mut alice, "lounge", 1_001).await;
        let mut back = server.hello(resume).await;
        let line = back.greeting()["rooms"]["lounge"].clone();
        assert_eq!(line, json!({"head": head, "complete": false, "gap": [cursor + 1, head]}));
        back.push("resumed", "").await;
        assert!(back.pushed("entry", "lounge").is_empty());
        alice.say("lounge", "live").await;
        back.reach("lounge", head + 1).await;
        let mut reached = cursor;
        while reached < head {
            let page = back.ok("log", json!({"room": "lounge", "after": reached, "limit": 200})).await;
            let got = seqs(page["entries"].as_array().unwrap());
            assert_eq!(got[0], reached + 1);
            reached = *got.last().unwrap();
        }
    }

    async fn several_rooms_at_once(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        alice.open("kitchen").await;
        alice.open("garden").await;
        for room in ["kitchen", "garden"] {
            bob.ok("join", json!({"room": room})).await;
        }
        let resume = bob.resume();
        bob.vanish();
        let kitchen = say_many(&mut alice, "kitchen", 30).await;
        let garden = say_many(&mut alice, "garden", 1_100).await;
        let mut back = server.hello(resume).await;
        back.push("resumed", "").await;
        let rooms = back.greeting()["rooms"].clone();
        assert_eq!(rooms["lounge"]["complete"], true);
        assert_eq!(rooms["garden"]["gap"][1], garden);
        assert_eq!(back.pushed("entry", "kitchen").len(), 30);
        assert_eq!(back.cursor("kitchen"), kitchen);
    }

    async fn the_room_was_left_meanwhile(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let resume = bob.resume();
        let mut tab = server.tab(&bob, "tab").await;
        bob.vanish();
        tab.ok("leave", json!({"room": "lounge"})).await;
        alice.say("lounge", "not for bob").await;
        let mut back = server.hello(resume).await;
        assert_eq!(back.greeting()["rooms"]["lounge"], json!({"gone": true}));
        back.push("resumed", "").await;
        back.settle().await;
        assert!(back.pushed("entry", "lounge").is_empty());
    }

    async fn kicked_meanwhile(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let resume = bob.resume();
        let user = bob.id().to_owned();
        bob.vanish();
        alice.say("lounge", "before").await;
        alice.ok("kick", json!({"room": "lounge", "user": user})).await;
        alice.say("lounge", "after").await;
        let mut back = server.hello(resume).await;
        assert_eq!(back.greeting()["rooms"]["lounge"], json!({"gone": true}));
        back.push("resumed", "").await;
        back.settle().await;
        assert!(back.pushed("entry", "lounge").is_empty());
        back.refused("log", json!({"room": "lounge", "after": 0}), "not_member").await;
    }

    async fn kicked_and_back_again_meanwhile(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let made = alice.ok("room.create", json!({"name": "Plans", "kind": "private"})).await;
        let room = made["card"]["room"].as_str().unwrap();
        alice.ok("join", json!({"room": room})).await;
        let about = json!({"room": room, "user": bob.id()});
        alice.ok("invite", about.clone()).await;
        bob.ok("join", json!({"room": room})).await;
        let resume = bob.resume();
        let mut tab = server.tab(&bob, "tab").await;
        bob.vanish();
        alice.say(room, "in the first stay").await;
        alice.ok("kick", about.clone()).await;
        alice.say(room, "not for bob").await;
        alice.ok("invite", about).await;
        let joined = tab.ok("join", json!({"room": room})).await["head"].as_i64().unwrap();
        let last = alice.say(room, "in the second stay").await["seq"].as_i64().unwrap();
        let mut back = server.hello(resume).await;
        let line = &back.greeting()["rooms"][room];
        assert_eq!(*line, json!({"head": last, "from": joined, "complete": true}));
        back.push("resumed", "").await;
        assert_eq!(seqs(&back.pushed("entry", room)), [joined, last]);
    }

    async fn another_epoch(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let mut resume = bob.resume();
        resume["epoch"] = json!("an-epoch-of-another-store");
        bob.vanish();
        let mut back = server.hello(resume).await;
        assert_eq!(back.greeting()["resumed"], false);
        let line = back.greeting()["rooms"]["lounge"].clone();
        assert_eq!(line["reset"], true);
        assert!(line["head"].is_i64());
        back.push("resumed", "").await;
        let again = back.ok("join", json!({"room": "lounge"})).await;
        assert_eq!(again["head"], line["head"], "still a member");
        alice.say("lounge", "live").await;
        back.entry("lounge", "message").await;
    }

    async fn a_cursor_beyond_the_head(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let mut resume = bob.resume();
        let head = bob.cursor("lounge");
        resume["cursors"]["lounge"] = json!(head + 1);
        bob.vanish();
        let mut back = server.hello(resume).await;
        assert_eq!(back.greeting()["rooms"]["lounge"], json!({"reset": true, "head": head}));
        assert_eq!(back.greeting()["resumed"], true);
        back.push("resumed", "").await;
        // Named in cursors, and therefore subscribed from its head on.
        alice.say("lounge", "live").await;
        back.reach("lounge", head + 1).await;
    }

    async fn a_room_one_never_was_in(store: Store) {
        let server = store.server().await;
        let (_alice, bob) = lounge(&server).await;
        let mut resume = bob.resume();
        resume["cursors"]["general"] = json!(0);
        resume["cursors"]["no-such-room"] = json!(7);
        let mut back = server.hello(resume).await;
        let rooms = back.greeting()["rooms"].clone();
        assert_eq!(rooms["general"], json!({"gone": true}));
        assert_eq!(rooms["no-such-room"], json!({"gone": true}));
        assert_eq!(rooms["lounge"]["complete"], true);
        back.push("resumed", "").await;
    }

    async fn two_tabs_each_with_its_own_cursor(store: Store) {
        let server = store.server().await;
        let (mut alice, mut one) = lounge(&server).await;
        let mut two = server.tab(&one, "two").await;
        two.ok("join", json!({"room": "lounge"})).await;
        let first = alice.say("lounge", "for both").await["seq"].as_i64().unwrap();
        one.reach("lounge", first).await;
        two.reach("lounge", first).await;
        let resume_one = one.resume();
        one.vanish();
        let second = alice.say("lounge", "for two first").await["seq"].as_i64().unwrap();
        two.reach("lounge", second).await;
        let mut resume_two = two.resume();
        resume_two["tab"] = json!("two");
        two.vanish();
        let third = alice.say("lounge", "for nobody yet").await["seq"].as_i64().unwrap();
        let mut one = server.hello(resume_one).await;
        let mut two = server.hello(resume_two).await;
        one.push("resumed", "").await;
        two.push("resumed", "").await;
        assert_eq!(seqs(&one.pushed("entry", "lounge")), [second, third]);
        assert_eq!(seqs(&two.pushed("entry", "lounge")), [third]);
    }

    async fn edits_and_deletions_while_away(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let kept = alice.say("lounge", "to be edited").await["seq"].as_i64().unwrap();
        let known = alice.say("lounge", "to be deleted, known").await["seq"].as_i64().unwrap();
        bob.reach("lounge", known).await;
        let resume = bob.resume();
        bob.vanish();
        let unknown = alice.say("lounge", "deleted, unknown").await["seq"].as_i64().unwrap();
        alice.ok("edit", json!({"room": "lounge", "target": kept, "body": "edited"})).await;
        alice.ok("edit", json!({"room": "lounge", "target": unknown, "body": "vain"})).await;
        alice.ok("delete", json!({"room": "lounge", "target": known})).await;
        alice.ok("delete", json!({"room": "lounge", "target": unknown})).await;
        let mut back = server.hello(resume).await;
        back.push("resumed", "").await;
        let replayed = back.pushed("entry", "lounge");
        let kinds: Vec<_> = replayed.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["message", "edited", "edited", "deleted", "deleted"]);
        assert_eq!(replayed[0]["deleted"], true);
        assert!(replayed[0].get("body").is_none());
        assert_eq!(replayed[1]["body"], "edited");
        assert!(replayed[2].get("body").is_none(), "its edits lose their body too");
    }

    async fn subscribed_to_all(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        alice.open("kitchen").await;
        bob.ok("join", json!({"room": "kitchen"})).await;
        let cursor = bob.cursor("lounge");
        let mut resume = bob.resume();
        resume["cursors"] = json!({"lounge": cursor});
        resume["subscribe"] = json!("all");
        bob.vanish();
        let lounge = alice.say("lounge", "missed").await["seq"].as_i64().unwrap();
        let kitchen = alice.say("kitchen", "before").await["seq"].as_i64().unwrap();
        let mut back = server.hello(resume).await;
        let rooms = back.greeting()["rooms"].clone();
        assert_eq!(rooms["lounge"], json!({"head": lounge, "from": cursor + 1, "complete": true}));
        assert_eq!(rooms["kitchen"]["head"], kitchen);
        back.push("resumed", "").await;
        assert_eq!(seqs(&back.pushed("entry", "lounge")), [lounge]);
        assert!(back.pushed("entry", "kitchen").is_empty(), "from the head: no cursor was named");
        alice.say("kitchen", "live").await;
        back.reach("kitchen", kitchen + 1).await;
    }

    async fn subscribed_to_all_without_any_membership(store: Store) {
        let server = store.server().await;
        let mut alice = server.hello(json!({"guest": "alice", "subscribe": "all"})).await;
        assert_eq!(alice.greeting()["rooms"], json!({}));
        alice.push("resumed", "").await;
    }

    async fn commands_may_be_sent_before_resumed(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let resume = bob.resume();
        bob.vanish();
        say_many(&mut alice, "lounge", 500).await;
        let mut back = server.connect().await;
        let hello = back.post("hello", resume).await;
        let send = json!({"room": "lounge", "cid": "back", "body": "I am back"});
        let sent = back.post("send", send).await;
        back.reply(hello).await.unwrap();
        let ack = back.reply(sent).await.unwrap();
        back.reach("lounge", ack["seq"].as_i64().unwrap()).await;
        back.push("resumed", "").await;
    }

    async fn while_others_go_on_talking(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for _ in 0..10 {
            let resume = bob.resume();
            bob.vanish();
            let mut commands = Vec::new();
            for _ in 0..60 {
                let cid = format!("c{}", rand_suffix());
                let send = json!({"room": "lounge", "cid": cid, "body": "talk"});
                commands.push(alice.post("send", send).await);
            }
            bob = server.hello(resume).await;
            let mut head = 0;
            for command in commands {
                head = alice.reply(command).await.unwrap()["seq"].as_i64().unwrap();
            }
            bob.reach("lounge", head).await;
            bob.push("resumed", "").await;
        }
    }

    async fn after_a_crash_and_after_a_clean_restart(store: Store) {
        let server = store.server().await;
        let (mut alice, bob) = lounge(&server).await;
        let resume = bob.resume();
        bob.vanish();
        let head = say_many(&mut alice, "lounge", 10).await;
        server.crash().await;
        let mut back = server.hello(resume.clone()).await;
        assert_eq!(back.greeting()["resumed"], true);
        back.push("resumed", "").await;
        assert_eq!(back.cursor("lounge"), head);
        assert_eq!(server.stop().await.code, Some(0));
        server.start_again().await;
        let mut again = server.hello(resume).await;
        again.push("resumed", "").await;
        assert_eq!(again.cursor("lounge"), head);
        let mut alice = server.resume(&alice).await;
        alice.say("lounge", "live").await;
        again.reach("lounge", head + 1).await;
    }
}
