//! Unused names and rooms, and what remains of a deleted message.

use serde_json::{Value, json};
use tests::{Client, Settings, on_both};

async fn listed(client: &mut Client) -> Vec<String> {
    let list = client.ok("rooms", json!({"all": true})).await;
    let lines = list["rooms"].as_array().unwrap().iter();
    lines
        .map(|line| line["card"]["room"].as_str().unwrap().to_owned())
        .collect()
}

async fn role_after_join(client: &mut Client, room: &str) -> Value {
    client.ok("join", json!({"room": room})).await["card"]["role"].clone()
}

on_both! {
    async fn names_are_not_spent_without_end(store: Store) {
        let settings = Settings::default().with("PARLOR_ROOMS_DAY_MAX", "3");
        let server = store.serve(settings).await;
        let mut eve = server.account("eve").await;
        for n in 0..4 {
            let create = json!({"name": format!("spent-{n}"), "kind": "public"});
            if n < 3 {
                eve.ok("room.create", create.clone()).await;
                assert_eq!(eve.ok("room.create", create).await["dup"], true);
                eve.ok("leave", json!({"room": format!("spent-{n}")})).await;
            } else {
                let refusal = eve.refused("room.create", create, "limit_reached").await;
                assert_eq!(refusal.all["limit"], "rooms_day_max");
            }
        }
        assert_eq!(listed(&mut eve).await, ["general"], "deserted rooms are not listed");
    }

    async fn a_deserted_room_belongs_to_the_next_account_that_joins(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let mut gus = server.guest("gus").await;
        alice.open("lounge").await;
        let create = json!({"name": "diary", "kind": "public", "history": "since_join"});
        alice.ok("room.create", create).await;
        for room in ["lounge", "diary"] {
            alice.ok("leave", json!({"room": room})).await;
        }
        assert_eq!(role_after_join(&mut gus, "lounge").await, "member");
        gus.ok("leave", json!({"room": "lounge"})).await;
        assert_eq!(role_after_join(&mut bob, "lounge").await, "owner");
        let log = bob.ok("log", json!({"room": "lounge", "after": 0})).await;
        let role = log["entries"].as_array().unwrap().last().unwrap();
        assert_eq!((&role["user"], &role["role"]), (bob.user(), &json!("owner")));
        assert_eq!(role_after_join(&mut alice, "lounge").await, "member");
        assert_eq!(role_after_join(&mut bob, "diary").await, "member", "it was said to others");
        assert_eq!(role_after_join(&mut bob, "general").await, "member");
        assert_eq!(listed(&mut bob).await, ["diary", "general", "lounge"]);
    }

    async fn a_deleted_message_takes_its_mentions_and_reactions_along(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let target = alice.say("lounge", "hello @bob").await["seq"].clone();
        let stays = alice.say("lounge", "this stays, @bob").await["seq"].clone();
        for target in [&target, &stays] {
            let react = json!({"room": "lounge", "target": target, "emoji": "👍", "on": true});
            bob.ok("react", react).await;
        }
        alice.ok("delete", json!({"room": "lounge", "target": target})).await;
        let log = bob.ok("log", json!({"room": "lounge", "after": 0})).await;
        let entries = log["entries"].as_array().unwrap();
        let at = |seq: &Value| entries.iter().find(|entry| entry["seq"] == *seq).unwrap();
        assert!(at(&target).get("mentions").is_none(), "{}", at(&target));
        assert_eq!(at(&stays)["mentions"], json!([bob.user()]));
        let emoji = |of: &Value| {
            let reactions = entries.iter().filter(|entry| entry["kind"] == "reaction");
            let mut of_it = reactions.filter(|entry| entry["target"] == *of);
            of_it.next().unwrap()["emoji"].clone()
        };
        assert_eq!((emoji(&target), emoji(&stays)), (json!(""), json!("👍")));
        let page = bob.ok("history", json!({"room": "lounge"})).await;
        let message = &page["messages"][0];
        assert_eq!((&message["mentions"], &message["reactions"]), (&json!([]), &json!([])));
    }

    async fn people_take_back_what_they_said_in_an_earlier_stay(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let create = json!({"name": "diary", "kind": "public", "history": "since_join"});
        alice.ok("room.create", create).await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "diary"})).await;
        let own = bob.say("diary", "too much").await["seq"].clone();
        let hers = alice.say("diary", "oh").await["seq"].clone();
        bob.ok("leave", json!({"room": "diary"})).await;
        bob.ok("join", json!({"room": "diary"})).await;
        let edit = json!({"room": "diary", "target": own, "body": "less"});
        bob.refused("edit", edit, "no_such_message").await;
        bob.refused("delete", json!({"room": "diary", "target": hers}), "no_such_message").await;
        assert_eq!(bob.ok("delete", json!({"room": "diary", "target": own})).await["dup"], false);
        assert_eq!(bob.ok("delete", json!({"room": "diary", "target": own})).await["dup"], true);
    }

    async fn a_mention_counts_however_much_is_unread_below_it(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        for n in 0..1_100 {
            alice.say("lounge", &format!("number {n}")).await;
        }
        let named = alice.say("lounge", "@bob, look").await["seq"].clone();
        let line = bob.ok("rooms", json!({})).await["rooms"][0].clone();
        assert_eq!((&line["unread"], &line["mentions"]), (&json!(999), &json!(1)));
        // Mentions are resolved when a message is sent.
        let edit = json!({"room": "lounge", "target": named, "body": "look, all"});
        alice.ok("edit", edit).await;
        let line = bob.ok("rooms", json!({})).await["rooms"][0].clone();
        assert_eq!(line["mentions"], json!(1));
    }
}
