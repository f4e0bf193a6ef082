//! `rooms`, `members` and `presence` as lists.

use serde_json::{Value, json};
use tests::{Client, on_both};

/// Returns all items of a paginated list.
async fn all(client: &mut Client, op: &str, d: Value, list: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut d = d;
    loop {
        let page = client.ok(op, d.clone()).await;
        lines.extend(page[list].as_array().unwrap().iter().cloned());
        match page.get("next") {
            None | Some(Value::Null) => return lines,
            Some(next) => d["after"] = next.clone(),
        }
    }
}

fn keys(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["card"]["room"].as_str().unwrap())
        .collect()
}

on_both! {
    async fn rooms_lists_mine_or_all_public_ones(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        alice.open("kitchen").await;
        bob.open("lounge").await;
        let made = alice.ok("room.create", json!({"name": "Plans", "kind": "private"})).await;
        let private = made["card"]["room"].as_str().unwrap();
        let mine = all(&mut alice, "rooms", json!({}), "rooms").await;
        let mut expected = vec!["kitchen", private];
        expected.sort_unstable();
        let mut found = keys(&mine);
        found.sort_unstable();
        assert_eq!(found, expected);
        let public = all(&mut alice, "rooms", json!({"all": true}), "rooms").await;
        let mut found = keys(&public);
        found.sort_unstable();
        assert_eq!(found, ["general", "kitchen", "lounge"]);
        let lounge = public.iter().find(|line| line["card"]["room"] == "lounge").unwrap();
        assert_eq!(lounge["card"]["role"], Value::Null, "she is not a member");
    }

    async fn long_lists_of_rooms_come_in_pages(store: Store) {
        let server = store.server().await;
        let mut makers = Vec::new();
        for maker in 0..3 {
            makers.push(server.account(&format!("maker{maker}")).await);
        }
        for number in 0..300 {
            let create = json!({"name": format!("room-{number:03}"), "kind": "public"});
            makers[number % 3].ok("room.create", create).await;
        }
        let listed = all(&mut makers[0], "rooms", json!({"all": true}), "rooms").await;
        let mut found = keys(&listed);
        assert_eq!(found.len(), 301);
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 301, "no room comes twice");
    }

    async fn members_are_listed_with_role_and_presence(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let members = all(&mut alice, "members", json!({"room": "lounge"}), "members").await;
        assert_eq!(members.len(), 2);
        let of = |user: &Value| members.iter().find(|line| line["user"] == *user).unwrap();
        assert_eq!(of(alice.user())["role"], "owner");
        assert_eq!(of(bob.user())["role"], "member");
        assert_eq!(of(bob.user())["online"], true);
        let presence = bob.ok("presence", json!({"room": "lounge"})).await;
        assert_eq!(presence["online"].as_array().unwrap().len(), 2);
        assert_eq!(presence["count"], 2);
    }

    async fn a_room_is_made_as_asked(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let create = json!({
            "name": "a-room_1.x", "kind": "public", "topic": "everything", "history": "since_join",
        });
        let made = alice.ok("room.create", create).await;
        let card = &made["card"];
        assert_eq!(card["room"], "a-room_1.x");
        assert_eq!(card["topic"], "everything");
        assert_eq!(card["history"], "since_join");
        assert_eq!(card["role"], "owner");
        assert_eq!(made["seq"], 1);
        let log = alice.ok("log", json!({"room": "a-room_1.x", "after": 0})).await;
        assert_eq!(log["entries"][0]["kind"], "joined");
        assert_eq!(log["entries"][0]["author"], *alice.user());
    }

    async fn the_key_of_a_public_room_is_well_formed(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let long = "a".repeat(33);
        for name in ["", "-a", "a-", ".", "A", "ä", "a b", "a/b", "~a", "a\n", long.as_str()] {
            let create = json!({"name": name, "kind": "public"});
            let refusal = alice.call("room.create", create).await.unwrap_err();
            assert_eq!(refusal.code, 400, "{name:?}: {}", refusal.all);
        }
        for name in ["a", "0", "a--b", "a.b_c", &"a".repeat(32)] {
            alice.ok("room.create", json!({"name": name, "kind": "public"})).await;
        }
    }

    async fn the_key_of_a_public_room_is_taken_for_ever(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let create = json!({"name": "lounge", "kind": "public"});
        alice.ok("room.create", create.clone()).await;
        bob.refused("room.create", create, "name_taken").await;
        bob.refused("room.create", json!({"name": "general", "kind": "public"}), "name_taken").await;
    }

    async fn a_user_is_in_at_most_128_rooms(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        for number in 0..128 {
            let create = json!({"name": format!("room-{number}"), "kind": "public"});
            alice.ok("room.create", create).await;
        }
        let create = json!({"name": "one-more", "kind": "public"});
        let refusal = alice.refused("room.create", create, "limit_reached").await;
        assert!(refusal.all["limit"].is_string());
        alice.refused("join", json!({"room": "general"}), "limit_reached").await;
        alice.ok("leave", json!({"room": "room-7"})).await;
        alice.ok("join", json!({"room": "general"})).await;
    }
}
