//! A store from before direct rooms had answers, mutes lasted and invitations named the inviter.

use serde_json::{Value, json};
use tests::{Client, on_both};

/// Undoes the migration, including its record.
const BEFORE: &str = "
    ALTER TABLE members DROP COLUMN answered;
    DROP INDEX invitations_by_user;
    ALTER TABLE invitations DROP COLUMN by_id;
    DROP TABLE mutes;
    DELETE FROM __diesel_schema_migrations WHERE version = '20261130000008';
";

const LONG: u64 = 4_000_000_000_000;

async fn opened(client: &mut Client, user: &Client) -> String {
    let opened = client.ok("dm", json!({"user": user.id()})).await;
    opened["card"]["room"].as_str().unwrap().to_owned()
}

async fn answered(client: &mut Client, room: &str) -> bool {
    let list = client.ok("rooms", json!({})).await;
    let lines = list["rooms"].as_array().unwrap();
    let line = lines
        .iter()
        .find(|line| line["card"]["room"] == room)
        .unwrap();
    line.get("answered").is_none()
}

async fn mute(by: &mut Client, user: &Client, until_ms: u64) {
    let d = json!({"room": "lounge", "user": user.id(), "until_ms": until_ms});
    by.ok("mute", d).await;
}

on_both! {
    async fn a_store_of_today_goes_on(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let bob = server.account("bob").await;
        let mut carol = server.account("carol").await;
        let mut dave = server.account("dave").await;
        let mut erin = server.account("erin").await;
        let with_bob = opened(&mut alice, &bob).await;
        alice.say(&with_bob, "are you there?").await;
        let with_carol = opened(&mut alice, &carol).await;
        carol.say(&with_carol, "hello").await;
        alice.open("lounge").await;
        for client in [&mut dave, &mut erin] {
            client.ok("join", json!({"room": "lounge"})).await;
        }
        mute(&mut alice, &dave, LONG).await;
        dave.ok("leave", json!({"room": "lounge"})).await;
        mute(&mut alice, &erin, LONG).await;
        mute(&mut alice, &erin, 0).await;
        let create = json!({"name": "Plans", "kind": "private"});
        let made = alice.ok("room.create", create).await;
        let plans = made["card"]["room"].as_str().unwrap().to_owned();
        alice.ok("invite", json!({"room": plans, "user": erin.id()})).await;
        let tokens: Vec<String> =
            [&alice, &bob, &carol, &dave, &erin].map(Client::token).to_vec();
        for client in [alice, bob, carol, dave, erin] {
            client.close(1000).await;
        }
        assert_eq!(server.stop().await.code, Some(0));
        store.sql().await.run(BEFORE).await;
        store.begins_anew();

        server.start_again().await;
        let mut back = Vec::new();
        for token in tokens {
            back.push(server.hello(json!({"token": token})).await);
        }
        let [alice, bob, carol, dave, erin] = &mut back[..] else { unreachable!() };
        assert!(answered(alice, &with_bob).await, "she opened it");
        assert!(!answered(bob, &with_bob).await);
        assert!(answered(alice, &with_carol).await && answered(carol, &with_carol).await);
        dave.ok("join", json!({"room": "lounge"})).await;
        let send = json!({"room": "lounge", "cid": "c", "body": "hello"});
        dave.refused("send", send.clone(), "muted").await;
        erin.ok("send", send).await;
        let list = erin.ok("rooms", json!({})).await;
        let by: Vec<&Value> = list["invitations"].as_array().unwrap().iter().map(|one| &one["by"]).collect();
        assert_eq!(by, [alice.user()]);
        erin.ok("join", json!({"room": plans})).await;
    }
}
