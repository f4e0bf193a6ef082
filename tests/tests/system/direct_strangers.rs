//! Direct rooms opened by somebody else: they use no quota, show nothing, and can be closed.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, Server, Settings, Store, on_both};

/// Opens the direct room with someone and returns its key.
async fn opened(client: &mut Client, user: &str) -> String {
    let opened = client.ok("dm", json!({"user": user})).await;
    opened["card"]["room"].as_str().unwrap().to_owned()
}

/// Returns the entry of this room in one's own room list.
async fn line(client: &mut Client, room: &str) -> Option<Value> {
    let list = client.ok("rooms", json!({})).await;
    let lines = list["rooms"].as_array().unwrap();
    lines
        .iter()
        .find(|line| line["card"]["room"] == room)
        .cloned()
}

/// Returns whether the reply of an op shows this person as online.
async fn shows(client: &mut Client, op: &str, room: &str, user: &str) -> bool {
    let reply = client.ok(op, json!({"room": room})).await;
    let crowd = if op == "join" {
        &reply["members"]
    } else {
        &reply
    };
    crowd["online"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["id"] == user)
}

async fn is_listed_online(client: &mut Client, room: &str, user: &str) -> bool {
    let reply = client.ok("members", json!({"room": room})).await;
    let members = reply["members"].as_array().unwrap();
    let line = members.iter().find(|line| line["user"]["id"] == user);
    line.unwrap()["online"] == true
}

fn names(pushes: &[Value], user: &str) -> bool {
    let changes = pushes.iter().filter_map(|push| push["changes"].as_array());
    changes.flatten().any(|change| change["user"]["id"] == user)
}

async fn small(store: &Store) -> Server {
    let settings = Settings::default()
        .with("PARLOR_ROOMS_MAX", "3")
        .with("PARLOR_DIRECT_WAITING_MAX", "8");
    store.serve(settings).await
}

on_both! {
    async fn what_strangers_open_takes_nobodys_place(store: Store) {
        let server = small(&store).await;
        let mut victim = server.account("victim").await;
        let mut friend = server.account("friend").await;
        let mut refused = 0;
        for n in 0..12 {
            let mut guest = server.guest(&format!("stranger-{n}")).await;
            let dm = guest.call("dm", json!({"user": "@victim"})).await;
            refused += usize::from(dm.is_err_and(|why| why.name == "limit_reached"));
            guest.vanish();
        }
        assert_eq!(refused, 8, "guests have half of eight places");
        victim.ok("join", json!({"room": "general"})).await;
        victim.open("lounge").await;
        let room = opened(&mut friend, "@victim").await;
        assert_eq!(opened(&mut victim, "@friend").await, room);
        victim.refused("join", json!({"room": room.clone() + "x"}), "no_such_room").await;
        let create = json!({"name": "one-more", "kind": "public"});
        let refusal = victim.refused("room.create", create, "limit_reached").await;
        assert_eq!(refusal.all["limit"], "rooms_max", "what was chosen counts");
    }

    async fn a_guest_opens_few_direct_rooms(store: Store) {
        let server = store.server().await;
        let mut guest = server.guest("gus").await;
        for n in 0..5 {
            let name = format!("someone-{n}");
            let _someone = server.account(&name).await;
            let dm = json!({"user": format!("@{name}")});
            if n < 4 {
                guest.ok("dm", dm).await;
            } else {
                let refusal = guest.refused("dm", dm, "limit_reached").await;
                assert_eq!(refusal.all["limit"], "direct_unanswered_max");
            }
        }
    }

    async fn who_has_not_answered_shows_nothing(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        let mut alice = server.account("alice").await;
        let id = bob.id().to_owned();
        let room = opened(&mut alice, "@bob").await;
        bob.push("room", &room).await;
        assert_eq!(line(&mut bob, &room).await.unwrap()["answered"], false);
        for op in ["join", "presence"] {
            assert!(!shows(&mut alice, op, &room, &id).await, "{op}");
        }
        assert!(!is_listed_online(&mut alice, &room, &id).await);
        // Reading and typing do not count as an answer.
        bob.ok("join", json!({"room": room})).await;
        bob.ok("typing", json!({"room": room, "on": true})).await;
        bob.ok("read", json!({"room": room, "seq": 2})).await;
        let mut tab = server.tab(&bob, "tab").await;
        tab.ok("ping", json!({})).await;
        alice.settle().await;
        assert!(!names(&alice.pushed("presence", &room), &id));
        assert!(alice.pushed("typing", &room).is_empty());
        assert!(shows(&mut bob, "presence", &room, alice.id()).await, "she opened it");
        bob.say(&room, "who are you?").await;
        let came = |push: &Value| names(std::slice::from_ref(push), &id);
        alice.push_where("presence", &room, Duration::from_secs(10), came).await;
        for op in ["join", "presence"] {
            assert!(shows(&mut alice, op, &room, &id).await, "{op}");
        }
        assert!(is_listed_online(&mut alice, &room, &id).await);
        assert!(line(&mut bob, &room).await.unwrap().get("answered").is_none());
    }

    async fn who_comes_online_unanswered_is_not_told_of(store: Store) {
        let server = store.server().await;
        let bob = server.account("bob").await;
        let (id, token) = (bob.id().to_owned(), bob.token());
        bob.close(1000).await;
        let mut alice = server.account("alice").await;
        let room = opened(&mut alice, "@bob").await;
        alice.ok("join", json!({"room": room})).await;
        let mut bob = server.hello(json!({"token": token, "subscribe": "all"})).await;
        bob.ok("ping", json!({})).await;
        alice.idle(Duration::from_secs(2)).await;
        assert!(!names(&alice.pushed("presence", &room), &id));
        // A `dm` in return counts as an answer, without an entry.
        let answered = bob.ok("dm", json!({"user": "@alice"})).await;
        assert_eq!((&answered["dup"], &answered["card"]["room"]), (&json!(true), &json!(room)));
        let came = |push: &Value| names(std::slice::from_ref(push), &id);
        alice.push_where("presence", &room, Duration::from_secs(10), came).await;
    }

    async fn a_direct_room_is_closed_by_whoever_leaves_it(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let room = opened(&mut alice, "@bob").await;
        alice.ok("join", json!({"room": room})).await;
        let said = alice.say(&room, "buy this").await;
        let left = bob.ok("leave", json!({"room": room})).await;
        let gone = bob.push("gone", &room).await;
        assert_eq!((&gone["why"], &gone["seq"]), (&json!("left"), &left["seq"]));
        assert_eq!(bob.ok("leave", json!({"room": room})).await["seq"], left["seq"]);
        assert!(line(&mut bob, &room).await.is_none());
        let send = json!({"room": room, "cid": "c", "body": "do buy this"});
        let refusal = alice.refused("send", send, "forbidden").await;
        let words = refusal.all["message"].as_str().unwrap();
        assert!(words.contains("has left this conversation"), "{words}");
        let edit = json!({"room": room, "target": said["seq"], "body": "buy that"});
        alice.refused("edit", edit, "forbidden").await;
        let react = json!({"room": room, "target": said["seq"], "emoji": "👍", "on": true});
        alice.refused("react", react, "forbidden").await;
        alice.ok("history", json!({"room": room})).await;
        let again = alice.ok("dm", json!({"user": "@bob"})).await;
        assert_eq!((&again["dup"], &again["card"]["room"]), (&json!(true), &json!(room)));
        alice.refused("send", json!({"room": room, "cid": "d", "body": "x"}), "forbidden").await;
        alice.ok("delete", json!({"room": room, "target": said["seq"]})).await;
        bob.settle().await;
        assert!(bob.pushed("entry", &room).iter().all(|entry| entry["kind"] != "deleted"));
        for op in ["join", "history", "members"] {
            bob.refused(op, json!({"room": room}), "no_such_room").await;
        }
        // The person who left can open it again.
        let back = bob.ok("dm", json!({"user": "@alice"})).await;
        assert_eq!((&back["dup"], &back["card"]["room"]), (&json!(false), &json!(room)));
        bob.ok("join", json!({"room": room})).await;
        let ack = alice.say(&room, "hello again").await;
        assert_eq!(bob.entry(&room, "message").await["seq"], ack["seq"]);
    }
}
