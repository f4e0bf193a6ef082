//! Deleted accounts: the identity is gone, the messages stay.

use http::StatusCode;
use serde_json::{Value, json};
use std::process::Command;
use tests::{Client, Server, Settings, on_both, parlor};

fn password(name: &str) -> Value {
    json!({"password": format!("the password of {name}")})
}

async fn authors(client: &mut Client) -> Vec<String> {
    let page = client.ok("history", json!({"room": "lounge"})).await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["author"]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Alice has written in bob's room and mentioned him; she is connected on two devices.
async fn scene(server: &Server) -> (Client, Client, Client) {
    let mut bob = server.account("bob").await;
    bob.open("lounge").await;
    let mut alice = server.account("alice").await;
    alice.ok("join", json!({"room": "lounge"})).await;
    alice.say("lounge", "hello @bob").await;
    let login = json!({"name": "alice", "password": "the password of alice", "device": "phone"});
    let second = server.api().post("/api/v1/login", &login).await.ok();
    let phone = server.hello(json!({"token": second["token"]})).await;
    (alice, phone, bob)
}

async fn is_gone(server: &Server, alice: &Client, bob: &mut Client) {
    assert_eq!(authors(bob).await, ["deleted user"]);
    let members = bob.ok("members", json!({"room": "lounge"})).await;
    let mut members = members["members"].as_array().unwrap().iter();
    let stays = members.any(|member| member["user"]["id"] == alice.id());
    assert!(stays, "nothing else changes");
    let mut back = server.connect().await;
    let refused = back
        .hello(json!({"token": alice.token()}))
        .await
        .unwrap_err();
    assert_eq!(refused.name, "bad_credentials");
    let login = json!({"name": "alice", "password": "the password of alice"});
    let login = server.api().post("/api/v1/login", &login).await;
    let _ = login.refused("bad_credentials");
    bob.refused("dm", json!({"user": "@alice"}), "no_such_user")
        .await;
    // The name is free, and a new account with it is somebody else.
    let new = server.account("alice").await;
    assert_ne!(new.id(), alice.id());
}

on_both! {
    async fn people_delete_their_own_account_with_their_password(store: Store) {
        let server = store.server().await;
        let (mut alice, mut phone, mut bob) = scene(&server).await;
        let api = server.api().bearing(&alice.token());
        let wrong = json!({"password": "not her password"});
        let _ = api.post("/api/v1/delete-account", &wrong).await.refused("bad_credentials");
        assert_eq!(authors(&mut bob).await, ["alice"]);
        let named = "sessions WHERE device IS NOT NULL";
        assert_eq!(store.sql().await.count(named).await, 1);
        let answer = api.post("/api/v1/delete-account", &password("alice")).await;
        assert_eq!(answer.status, StatusCode::OK);
        for connection in [&mut alice, &mut phone] {
            assert_eq!(connection.closed().await.code, Some(4502));
        }
        assert_eq!(store.sql().await.count(named).await, 0, "what she called her phone is gone");
        let again = api.post("/api/v1/delete-account", &password("alice")).await;
        let _ = again.refused("bad_credentials");
        is_gone(&server, &alice, &mut bob).await;
        let guest = server.guest("carol").await;
        let api = server.api().bearing(&guest.token());
        let refused = api.post("/api/v1/delete-account", &password("carol")).await;
        let _ = refused.refused("not_allowed_for_guests");
    }

    async fn the_operator_deletes_an_account_by_its_name(store: Store) {
        let server = store.server().await;
        let (alice, phone, bob) = scene(&server).await;
        let token = bob.token();
        drop((phone, bob));
        assert_eq!(server.stop().await.code, Some(0));
        let environment = store.environment(Settings::default()).await;
        for (name, code) in [("alice", Some(0)), ("alice", Some(1)), ("nobody", Some(1))] {
            let mut command = Command::new(parlor());
            command.args(["admin", "delete-account", name]).env_clear().envs(&environment);
            let output = tokio::task::spawn_blocking(move || command.output().unwrap());
            let output = output.await.unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), code, "{name}: {stderr}");
        }
        server.start_again().await;
        let mut bob = server.hello(json!({"token": token})).await;
        is_gone(&server, &alice, &mut bob).await;
    }

    async fn the_operator_of_a_running_server_deletes_an_account_at_once(store: Store) {
        let server = store.server().await;
        let (mut alice, mut phone, mut bob) = scene(&server).await;
        let operator = server.operator();
        let nothing = json!({});
        let unknown = operator.post("/accounts/nobody/delete", &nothing).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        let _carol = server.guest("carol").await;
        let guest = operator.post("/accounts/carol/delete", &nothing).await;
        assert_eq!(guest.status, StatusCode::NOT_FOUND, "a guest has no account");
        let answer = operator.post("/accounts/%61lice/delete", &nothing).await;
        assert_eq!(answer.status, StatusCode::OK);
        for connection in [&mut alice, &mut phone] {
            assert_eq!(connection.closed().await.code, Some(4502));
        }
        is_gone(&server, &alice, &mut bob).await;
    }

    async fn the_operator_of_a_running_server_makes_an_administrator(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        bob.open("lounge").await;
        let mut alice = server.account("alice").await;
        let mut carol = server.account("carol").await;
        for member in [&mut alice, &mut carol] {
            member.ok("join", json!({"room": "lounge"})).await;
        }
        let kick = json!({"room": "lounge", "user": "@carol"});
        alice.refused("kick", kick.clone(), "forbidden").await;
        let granted = server.operator().post("/accounts/alice/grant-admin", &json!({})).await;
        assert_eq!(granted.status, StatusCode::OK);
        let mut back = server.hello(json!({"token": alice.token()})).await;
        back.ok("kick", kick).await;
    }
}
