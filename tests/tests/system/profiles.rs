//! Profiles: what people show besides their names.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Answer, Client, Server, Settings, on_both};

fn png(width: u32, height: u32, bytes: usize) -> Bytes {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    file.resize(bytes.max(33), 7);
    file.into()
}

async fn upload(server: &Server, who: &Client, kind: &str, file: Bytes) -> Answer {
    let api = server.api().bearing(&who.token());
    api.send(
        Method::POST,
        "/api/v1/picture",
        &[("content-type", kind)],
        file,
    )
    .await
}

async fn profile_of(client: &mut Client, user: &str) -> Value {
    let found = client.ok("profiles", json!({"users": [user]})).await;
    found["profiles"].get(0).cloned().unwrap_or_default()
}

on_both! {
    async fn others_see_a_profile_and_its_changes(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.open("kitchen").await;
        let mut bob = server.guest("bob").await;
        for room in ["lounge", "kitchen"] {
            bob.ok("join", json!({"room": room})).await;
        }
        let mut tab = server.tab(&alice, "second").await;
        let mut stranger = server.guest("stranger").await;
        let set = alice.ok("profile.set", json!({"display": " Alice Liddell ", "colour": "#3366cc"})).await;
        let shown = json!({"user": alice.user(), "display": "Alice Liddell", "colour": "#3366cc"});
        assert_eq!(set, json!({"profile": shown, "dup": false}));
        for client in [&mut bob, &mut tab] {
            assert_eq!(client.push("profile", "").await, shown);
        }
        let again = alice.ok("profile.set", json!({"colour": "#3366cc"})).await;
        assert_eq!(again, json!({"profile": shown, "dup": true}));
        let id = alice.id().to_owned();
        assert_eq!(profile_of(&mut stranger, &id).await, shown);
        assert_eq!(profile_of(&mut stranger, "nobody").await, Value::Null);
        for client in [&mut bob, &mut stranger] {
            client.settle().await;
            assert!(client.pushed("profile", "").is_empty(), "once, and to no stranger");
        }
        alice.ok("profile.set", json!({"display": ""})).await;
        let shown = json!({"user": alice.user(), "colour": "#3366cc"});
        assert_eq!(bob.push("profile", "").await, shown);
        server.crash().await;
        let me = server.api().bearing(&alice.token()).get("/api/v1/me").await.ok();
        assert_eq!(me["profile"], shown);
    }

    async fn the_operator_takes_a_profile_away(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        alice.ok("profile.set", json!({"display": "Not Nice", "colour": "#3366cc"})).await;
        let set = upload(&server, &alice, "image/png", png(16, 16, 400)).await.ok();
        assert!(set["profile"]["picture"].is_string(), "{set}");
        bob.ok("profile.set", json!({"display": "Neither"})).await;
        let operator = server.operator();
        for (name, status) in [("nobody", StatusCode::NOT_FOUND), ("alice", StatusCode::OK), ("bob", StatusCode::OK)] {
            let answer = operator.post(&format!("/accounts/{name}/clear-profile"), &json!({})).await;
            assert_eq!(answer.status, status, "{name}");
        }
        let (alices, bobs) = (alice.id().to_owned(), bob.id().to_owned());
        assert_eq!(profile_of(&mut bob, &alices).await, json!({"user": alice.user()}));
        assert_eq!(profile_of(&mut alice, &bobs).await, json!({"user": bob.user()}));
        alice.ok("profile.set", json!({"display": "Nicer"})).await;
    }

    async fn what_cannot_be_shown_is_refused(store: Store) {
        let server = store.server().await;
        let mut alice = server.guest("alice").await;
        let long = "a".repeat(65);
        for display in ["a\nb", "\u{202e}ecila", long.as_str()] {
            let refusal = alice.refused("profile.set", json!({"display": display}), "bad_text").await;
            assert_eq!(refusal.all["field"], "display");
        }
        for (field, value) in [("colour", "red"), ("colour", "#3366CC"), ("picture", "x")] {
            let refusal = alice.refused("profile.set", json!({field: value}), "bad_request").await;
            assert_eq!(refusal.all["field"], field);
        }
        for users in [json!("x"), json!([1]), json!(vec!["x"; 101])] {
            let refusal = alice.refused("profiles", json!({"users": users}), "bad_request").await;
            assert_eq!(refusal.all["field"], "users");
        }
        assert_eq!(profile_of(&mut alice, "").await, Value::Null);
    }

    async fn a_picture_is_served_as_what_it_is(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let file = png(512, 512, 32 * 1024);
        // Whatever the client says about it.
        let set = upload(&server, &alice, "text/html", file.clone()).await.ok();
        let hash = set["profile"]["picture"].as_str().unwrap().to_owned();
        assert_eq!(hash.len(), 43);
        let path = format!("/api/v1/pictures/{hash}");
        let served = server.api().get(&path).await;
        assert_eq!((served.status, &served.body), (StatusCode::OK, &file));
        let header = |name: &str| served.headers[name].to_str().unwrap();
        assert_eq!(header("content-type"), "image/png");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("sandbox"));
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(header("cache-control").contains("immutable"));
        let again = upload(&server, &alice, "image/png", file).await.ok();
        assert_eq!((&again["dup"], &again["profile"]["picture"]), (&json!(true), &json!(hash)));

        let _ = upload(&server, &alice, "image/png", png(1, 1, 40)).await.ok();
        let _ = server.api().get(&path).await.refused("no_such_path");
        alice.ok("profile.set", json!({"picture": ""})).await;
        let id = alice.id().to_owned();
        assert_eq!(profile_of(&mut alice, &id).await.get("picture"), None);
        for wrong in ["", "x", "..%2f..%2fetc", &hash[1..]] {
            let answer = server.api().get(&format!("/api/v1/pictures/{wrong}")).await;
            let _ = answer.refused("no_such_path");
        }
    }

    async fn what_is_no_small_picture_is_refused(store: Store) {
        let server = store.server().await;
        let alice = server.account("alice").await;
        let svg = Bytes::from_static(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>");
        for file in [svg, Bytes::new(), png(513, 1, 40), png(0, 0, 40), Bytes::from_static(b"GIF89a")] {
            let answer = upload(&server, &alice, "image/png", file).await;
            let refusal = answer.refused("bad_request");
            assert_eq!(refusal.all["field"], "picture");
        }
        let _ = upload(&server, &alice, "image/png", png(9, 9, 32 * 1024 + 1)).await.refused("too_large");
        let guest = server.guest("bob").await;
        let _ = upload(&server, &guest, "image/png", png(9, 9, 40)).await.refused("not_allowed_for_guests");
        let nobody = server.api().send(Method::POST, "/api/v1/picture", &[], png(9, 9, 40)).await;
        let _ = nobody.refused("unauthenticated");
        let get = server.api().get("/api/v1/picture").await.refused("method_not_allowed");
        assert_eq!(get.code, 405);
    }

    async fn nobody_changes_their_profile_all_the_time(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_COMMANDS_PER_S", "1000");
        let server = store.serve(settings).await;
        let mut alice = server.account("alice").await;
        let mut changed = 0;
        let refusal = loop {
            let colour = format!("#0000{changed:02x}");
            match alice.call("profile.set", json!({"colour": colour})).await {
                Ok(_) => changed += 1,
                Err(refusal) => break refusal,
            }
        };
        assert_eq!((refusal.name.as_str(), changed), ("rate_limited", 20));
        assert!(refusal.all["retry_after_ms"].as_u64().unwrap() > 0);
    }

    async fn a_deleted_account_leaves_neither_profile_nor_picture(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        alice.ok("profile.set", json!({"display": "Alice Liddell"})).await;
        let set = upload(&server, &alice, "image/png", png(9, 9, 40)).await.ok();
        let hash = set["profile"]["picture"].as_str().unwrap().to_owned();
        bob.push_where("profile", "", tests::LIMIT, |d| d["picture"].is_string()).await;
        let right = json!({"password": "the password of alice"});
        let api = server.api().bearing(&alice.token());
        let _ = api.post("/api/v1/delete-account", &right).await.ok();
        let is_gone = |d: &Value| d["user"]["name"] == "deleted user";
        let gone = bob.push_where("profile", "", tests::LIMIT, is_gone).await;
        let user = json!({"id": alice.id(), "name": "deleted user", "guest": false});
        assert_eq!(gone, json!({"user": user}));
        assert_eq!(profile_of(&mut bob, alice.id()).await, Value::Null);
        let picture = server.api().get(&format!("/api/v1/pictures/{hash}")).await;
        let _ = picture.refused("no_such_path");
        let mut sql = store.sql().await;
        for table in ["profiles", "pictures"] {
            assert_eq!(sql.count(table).await, 0);
        }
    }
}
