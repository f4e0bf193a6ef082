//! Who inherits the rooms of a deleted account, whichever way it is deleted.

use serde_json::{Value, json};
use std::process::Command;
use tests::{Client, LIMIT, Server, Settings, on_both, parlor};

async fn joined(server: &Server, name: &str) -> Client {
    let mut client = server.account(name).await;
    client.ok("join", json!({"room": "lounge"})).await;
    client
}

async fn delete_own(server: &Server, client: &Client, name: &str) {
    let right = json!({"password": format!("the password of {name}")});
    let api = server.api().bearing(&client.token());
    let _ = api.post("/api/v1/delete-account", &right).await.ok();
}

/// Checks that this person owns the room, in the log and in fact.
async fn inherits(heir: &mut Client) {
    let id = heir.id().to_owned();
    let named = |entry: &Value| {
        entry["kind"] == "role" && entry["role"] == "owner" && entry["user"]["id"] == id
    };
    heir.push_where("entry", "lounge", LIMIT, named).await;
    let topic = json!({"room": "lounge", "history": "since_join"});
    heir.ok("room.update", topic).await;
}

on_both! {
    async fn whoever_has_been_there_longest_owns_the_room_of_one_who_is_deleted(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        bob.open("lounge").await;
        let mut guest = server.guest("guest").await;
        guest.ok("join", json!({"room": "lounge"})).await;
        let gone = joined(&server, "gone").await;
        let mut alice = joined(&server, "alice").await;
        let mut carol = joined(&server, "carol").await;
        delete_own(&server, &gone, "gone").await;
        delete_own(&server, &bob, "bob").await;
        inherits(&mut alice).await;
        let deleted = server.operator().post("/accounts/alice/delete", &json!({})).await;
        assert!(deleted.status.is_success());
        inherits(&mut carol).await;
    }

    async fn a_room_of_nobody_but_the_deleted_gets_an_owner_who_joins(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        bob.open("lounge").await;
        let alice = joined(&server, "alice").await;
        delete_own(&server, &alice, "alice").await;
        delete_own(&server, &bob, "bob").await;
        let mut carol = joined(&server, "carol").await;
        carol.ok("room.update", json!({"room": "lounge", "history": "since_join"})).await;
    }

    async fn an_account_deleted_while_the_server_is_away_passes_its_rooms_on_at_the_start(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        bob.open("lounge").await;
        let alice = joined(&server, "alice").await;
        let token = alice.token();
        drop((alice, bob));
        assert_eq!(server.stop().await.code, Some(0));
        let environment = store.environment(Settings::default()).await;
        let mut command = Command::new(parlor());
        command.args(["admin", "delete-account", "bob"]).env_clear().envs(&environment);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        server.start_again().await;
        let mut alice = server.connect().await;
        let hello = json!({"token": token, "subscribe": "all"});
        alice.hello(hello).await.unwrap();
        let log = json!({"room": "lounge", "after": 0});
        let is_owner = |log: &Value| {
            let entries = log["entries"].as_array().unwrap().iter();
            entries.filter(|entry| entry["role"] == "owner").count() > 0
        };
        if !is_owner(&alice.ok("log", log).await) {
            alice.entry("lounge", "role").await;
        }
        alice.ok("room.update", json!({"room": "lounge", "history": "since_join"})).await;
    }
}
