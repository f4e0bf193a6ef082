//! Accounts, logins and devices.

use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, Server, on_both};

async fn login(server: &Server, name: &str) -> Value {
    let body =
        json!({"name": name, "password": format!("the password of {name}"), "device": "pda"});
    server.api().post("/api/v1/login", &body).await.ok()
}

/// Returns the sessions in the reply of `sessions`.
async fn sessions(client: &mut Client) -> Vec<Value> {
    let ok = client.ok("sessions", json!({})).await;
    let list = if ok.is_array() { &ok } else { &ok["sessions"] };
    list.as_array().expect("sessions are a list").clone()
}

on_both! {
    async fn an_account_is_registered_and_enters(store: Store) {
        let server = store.server().await;
        let body = json!({"name": "alice", "password": "correct horse"});
        let answer = server.api().post("/api/v1/register", &body).await.ok();
        assert_eq!(answer["user"]["name"], "alice");
        assert_eq!(answer["user"]["guest"], false);
        let alice = server.hello(json!({"token": answer["token"]})).await;
        assert_eq!(alice.user(), &answer["user"]);
        let _ = server.api().post("/api/v1/register", &body).await.refused("name_taken");
    }

    async fn a_password_has_8_to_256_bytes(store: Store) {
        let server = store.server().await;
        for password in ["1234567".to_owned(), "p".repeat(257)] {
            let body = json!({"name": "alice", "password": password});
            let refusal = server.api().post("/api/v1/register", &body).await.refused("bad_request");
            assert_eq!(refusal.all["field"], "password");
        }
        for (name, password) in [("alice", "12345678".to_owned()), ("bob", "p".repeat(256))] {
            let body = json!({"name": name, "password": password});
            let _ = server.api().post("/api/v1/register", &body).await.ok();
        }
    }

    async fn login_gives_a_session_of_its_own(store: Store) {
        let server = store.server().await;
        let first = server.account("alice").await;
        let second = login(&server, "alice").await;
        assert_eq!(&second["user"], first.user());
        assert_ne!(second["token"], first.token());
        let second = server.hello(json!({"token": second["token"]})).await;
        assert_ne!(second.greeting()["session"], first.greeting()["session"]);
    }

    async fn login_answers_the_same_for_a_wrong_password_and_an_unknown_name(store: Store) {
        let server = store.server().await;
        server.register("alice").await;
        let wrong = json!({"name": "alice", "password": "not her password"});
        let unknown = json!({"name": "nobody", "password": "not her password"});
        let wrong = server.api().post("/api/v1/login", &wrong).await.refused("bad_credentials");
        let unknown = server.api().post("/api/v1/login", &unknown).await.refused("bad_credentials");
        assert_eq!(wrong.all["message"], unknown.all["message"]);
    }

    async fn logout_ends_the_session_and_closes_its_sockets(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut tab = server.tab(&alice, "tab").await;
        let token = alice.token();
        assert_eq!(alice.ok("logout", json!({})).await, json!({}));
        assert_eq!(alice.closed().await.code, Some(1000));
        tab.closed_within(Duration::from_secs(1)).await;
        let mut again = server.connect().await;
        assert_eq!(again.hello(json!({"token": token})).await.unwrap_err(), "bad_credentials");
        assert_eq!(again.closed().await.code, Some(4502));
    }

    async fn logout_over_http_ends_the_session(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let api = server.api().bearing(&alice.token());
        let _ = api.post("/api/v1/logout", &json!({})).await.ok();
        alice.closed_within(Duration::from_secs(1)).await;
        let _ = api.get("/api/v1/me").await.refused("bad_credentials");
    }

    async fn a_revoked_session_is_closed_within_a_second(store: Store) {
        let server = store.server().await;
        let mut first = server.account("alice").await;
        let second = login(&server, "alice").await;
        let mut second = server.hello(json!({"token": second["token"]})).await;
        let revoke = json!({"session": second.greeting()["session"]});
        assert_eq!(first.ok("session.revoke", revoke.clone()).await, json!({}));
        let closed = second.closed_within(Duration::from_secs(1)).await;
        assert_eq!(closed.code, Some(4502));
        // Revoking names a state, so repeating it succeeds.
        assert_eq!(first.ok("session.revoke", revoke).await, json!({}));
        let token = json!({"token": second.token()});
        assert_eq!(server.connect().await.hello(token).await.unwrap_err(), "bad_credentials");
    }

    async fn sessions_lists_the_devices_of_the_user_alone(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        login(&server, "alice").await;
        let listed = sessions(&mut alice).await;
        assert_eq!(listed.len(), 2);
        let of_bob = bob.greeting()["session"].clone();
        assert!(listed.iter().all(|line| line["session"] != of_bob));
        let own = listed.iter().filter(|line| line["session"] == alice.greeting()["session"]);
        assert_eq!(own.count(), 1);
        assert_eq!(sessions(&mut bob).await.len(), 1);
    }

    async fn nobody_revokes_the_session_of_another(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let revoke = json!({"session": bob.greeting()["session"]});
        let answer = alice.call("session.revoke", revoke).await;
        assert!(answer.is_err(), "{answer:?}");
        bob.ok("ping", json!({})).await;
        alice.ok("ping", json!({})).await;
    }

    async fn http_wants_a_bearer_token(store: Store) {
        let server = store.server().await;
        let alice = server.account("alice").await;
        let _ = server.api().get("/api/v1/me").await.refused("unauthenticated");
        let cookie = format!("token={}", alice.token());
        let headers = [("cookie", cookie.as_str())];
        let cookie = server.api().send(http::Method::GET, "/api/v1/me", &headers, "".into()).await;
        assert_eq!(cookie.status, StatusCode::UNAUTHORIZED);
        let in_url = format!("/api/v1/me?token={}", alice.token());
        assert_eq!(server.api().get(&in_url).await.status, StatusCode::UNAUTHORIZED);
        let wrong = server.api().bearing(&"A".repeat(43)).get("/api/v1/me").await;
        let _ = wrong.refused("bad_credentials");
        let me = server.api().bearing(&alice.token()).get("/api/v1/me").await.ok();
        assert!(me.to_string().contains(alice.id()), "{me}");
    }

    async fn accounts_outlive_a_crash(store: Store) {
        let server = store.server().await;
        let alice = server.account("alice").await;
        server.crash().await;
        let again = server.hello(json!({"token": alice.token()})).await;
        assert_eq!(again.id(), alice.id());
        let other = login(&server, "alice").await;
        assert_eq!(other["user"]["id"], alice.id());
    }
}
