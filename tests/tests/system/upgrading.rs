//! A guest becomes an account and stays the same person.

use serde_json::{Value, json};
use tests::{Answer, Client, Server, Settings, on_both};

const PASSWORD: &str = "a password of eight or more";

async fn upgrade(server: &Server, guest: &Client, more: Value) -> Answer {
    let mut body = json!({"password": PASSWORD});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let api = server.api().bearing(&guest.token());
    api.post("/api/v1/upgrade", &body).await
}

on_both! {
    async fn a_guest_keeps_id_session_rooms_and_messages(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let said = bob.say("lounge", "as a guest").await;
        let upgraded = upgrade(&server, &bob, json!({})).await.ok();
        let user = json!({"id": bob.id(), "name": "bob", "guest": false});
        assert_eq!(upgraded, json!({"user": user, "dup": false}));
        assert_eq!(alice.push("profile", "").await["user"], user);
        assert_eq!(bob.closed().await.code, Some(1012), "a connection speaks for who one is");
        let session = bob.greeting()["session"].clone();
        let mut bob = server.resume(&bob).await;
        assert_eq!((bob.user(), &bob.greeting()["resumed"]), (&user, &json!(true)));
        assert_eq!(bob.greeting()["session"], session);
        let edit = json!({"room": "lounge", "target": said["seq"], "body": "as an account"});
        bob.ok("edit", edit).await;
        bob.ok("room.create", json!({"name": "bobs", "kind": "public"})).await;
        let history = alice.ok("history", json!({"room": "lounge"})).await;
        assert_eq!(history["messages"][0]["author"], user);
        let login = json!({"name": "bob", "password": PASSWORD});
        assert_eq!(server.api().post("/api/v1/login", &login).await.ok()["user"], user);
        let me = server.api().bearing(&bob.token()).get("/api/v1/me").await.ok();
        assert_eq!(me["user"], user);
    }

    async fn who_was_a_guest_may_own_the_rooms_they_are_in(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let role = json!({"room": "lounge", "user": bob.id(), "role": "moderator"});
        alice.refused("role", role.clone(), "not_allowed_for_guests").await;
        let _ = upgrade(&server, &bob, json!({})).await.ok();
        alice.ok("role", role).await;
        alice.ok("leave", json!({"room": "lounge"})).await;
        let mut bob = server.resume(&bob).await;
        let members = bob.ok("members", json!({"room": "lounge"})).await;
        assert_eq!(members["members"][0]["role"], "owner");
    }

    async fn a_new_name_must_be_free(store: Store) {
        let server = store.server().await;
        let _alice = server.account("alice").await;
        let bob = server.guest("bob").await;
        let refusal = upgrade(&server, &bob, json!({"name": "Alice"})).await.refused("name_taken");
        assert_eq!(refusal.all["suggest"], "alice-2");
        let refusal = upgrade(&server, &bob, json!({"name": "a b"})).await.refused("bad_request");
        assert_eq!(refusal.all["field"], "name");
        let refusal = upgrade(&server, &bob, json!({"password": "short"})).await.refused("bad_request");
        assert_eq!(refusal.all["field"], "password");
        let upgraded = upgrade(&server, &bob, json!({"name": "Robert"})).await.ok();
        assert_eq!(upgraded["user"]["name"], "robert");
        assert_eq!(upgraded["user"]["id"], bob.id());
        let _ = server.guest("bob").await;
    }

    async fn of_two_at_once_one_is_the_account_and_a_repeat_finds_it(store: Store) {
        let server = store.server().await;
        let bob = server.guest("bob").await;
        let (one, other) = tokio::join!(
            upgrade(&server, &bob, json!({"password": "the first password"})),
            upgrade(&server, &bob, json!({"password": "the other password"})),
        );
        let mut answers = [one, other];
        answers.sort_by_key(|answer| answer.status.as_u16());
        let [won, lost] = answers;
        assert_eq!(won.ok()["dup"], false);
        let _ = lost.refused("forbidden");
        let mut repeated = 0;
        for password in ["the first password", "the other password"] {
            let again = upgrade(&server, &bob, json!({"password": password})).await;
            if again.status.is_success() {
                assert_eq!(again.ok()["dup"], true);
                repeated += 1;
            } else {
                let _ = again.refused("forbidden");
            }
        }
        assert_eq!(repeated, 1, "one password is the account's");
    }

    async fn two_guests_do_not_get_one_name(store: Store) {
        let server = store.server().await;
        let (bob, eve) = (server.guest("bob").await, server.guest("eve").await);
        let (one, other) = tokio::join!(
            upgrade(&server, &bob, json!({"name": "wanted"})),
            upgrade(&server, &eve, json!({"name": "wanted"})),
        );
        let mut answers = [one, other];
        answers.sort_by_key(|answer| answer.status.as_u16());
        let _ = answers[0].ok();
        let _ = answers[1].refused("name_taken");
    }

    async fn who_may_not_register_may_not_upgrade(store: Store) {
        let settings = Settings::default().with("PARLOR_REGISTRATION", "invite").with("PARLOR_INVITE_CODE", "please");
        let server = store.serve(settings).await;
        let bob = server.guest("bob").await;
        let _ = upgrade(&server, &bob, json!({})).await.refused("forbidden");
        let _ = upgrade(&server, &bob, json!({"invite": "wrong"})).await.refused("forbidden");
        let upgraded = upgrade(&server, &bob, json!({"invite": "please"})).await.ok();
        assert_eq!(upgraded["user"]["guest"], false);
        let nobody = server.api().post("/api/v1/upgrade", &json!({"password": PASSWORD})).await;
        let _ = nobody.refused("unauthenticated");
    }
}
