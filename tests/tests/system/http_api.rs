//! `/api/v1` for programs, and the page.

use http::{Method, StatusCode};
use serde_json::json;
use tests::{HttpConnection, Refusal, on_both};

on_both! {
    async fn a_program_sends_and_reads_over_http(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let api = server.api().bearing(&alice.token());
        let send = json!({"cid": "by-http", "body": "from a program"});
        let ack = api.post("/api/v1/rooms/lounge/messages", &send).await.ok();
        assert_eq!(ack["dup"], false);
        assert_eq!(alice.entry("lounge", "message").await["seq"], ack["seq"]);
        let again = api.post("/api/v1/rooms/lounge/messages", &send).await.ok();
        assert_eq!((&again["dup"], &again["seq"]), (&json!(true), &ack["seq"]));
        let history = api.get("/api/v1/rooms/lounge/history?limit=10").await.ok();
        assert_eq!(history["messages"][0]["body"], "from a program");
        assert_eq!(history["head"], ack["seq"]);
        let rooms = api.get("/api/v1/rooms").await.ok();
        assert_eq!(rooms["rooms"][0]["card"]["room"], "lounge");
        assert_eq!(rooms, alice.ok("rooms", json!({})).await);
    }

    async fn a_program_joins_and_leaves_over_http(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", "before").await;
        let mut bob = server.hello(json!({"token": server.register("bob").await, "subscribe": "all"})).await;
        let api = server.api().bearing(&bob.token());
        let send = json!({"cid": "c", "body": "x"});
        let refusal = api.post("/api/v1/rooms/lounge/messages", &send).await.refused("not_member");
        assert!(refusal.all["message"].as_str().unwrap().contains("join it first"), "{}", refusal.all);

        let joined = api.send(Method::POST, "/api/v1/rooms/lounge/join", &[], "".into()).await.ok();
        assert_eq!(joined["card"]["room"], "lounge");
        assert_eq!((&joined["head"], &joined["complete"]), (&json!(3), &json!(true)));
        assert_eq!(joined["entries"].as_array().unwrap().len(), 3);
        assert_eq!(joined["members"]["count"], 2);
        assert_eq!(bob.push("room", "lounge").await["why"], "joined");
        assert_eq!(alice.entry("lounge", "joined").await["author"]["name"], "bob");
        let _ = api.post("/api/v1/rooms/lounge/messages", &send).await.ok();
        assert_eq!(bob.entry("lounge", "message").await["body"], "x");

        let page = api.post("/api/v1/rooms/lounge/join", &json!({"after": 1, "limit": 1})).await.ok();
        assert_eq!((&page["entries"][0]["seq"], &page["complete"]), (&json!(2), &json!(false)));
        let wrong = api.post("/api/v1/rooms/lounge/join", &json!({"after": "x"})).await;
        assert_eq!(wrong.refused("bad_request").all["field"], "after");

        let left = api.post("/api/v1/rooms/lounge/leave", &json!({})).await.ok();
        assert_eq!(bob.push("gone", "lounge").await["seq"], left["seq"]);
        assert_eq!(alice.entry("lounge", "left").await["seq"], left["seq"]);
        let again = api.post("/api/v1/rooms/lounge/leave", &json!({})).await.ok();
        assert_eq!((&again["seq"], &again["dup"]), (&left["seq"], &json!(true)));
        let later = json!({"cid": "d", "body": "x"});
        let _ = api.post("/api/v1/rooms/lounge/messages", &later).await.refused("not_member");
        let _ = api.post("/api/v1/rooms/nowhere/join", &json!({})).await.refused("no_such_room");
        let _ = server.api().post("/api/v1/rooms/lounge/join", &json!({})).await.refused("unauthenticated");
    }

    async fn a_post_whose_body_says_nothing_keeps_its_connection(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut line = HttpConnection::from("127.0.0.1", server.address()).await.unwrap();
        for path in ["rooms/lounge/leave", "logout"] {
            let post = format!(
                "POST /api/v1/{path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
                 content-length: 2\r\n\r\n{{}}",
                alice.token()
            );
            let (head, body) = line.ask_for_head(&post).await;
            assert!(head.starts_with("http/1.1 200 "), "{path} {head} {body}");
            assert!(!head.contains("connection: close"), "{path} {head}");
        }
    }

    async fn errors_tell_people_what_to_do(store: Store) {
        let server = store.server().await;
        let api = server.api();
        let account = json!({"name": "alice", "password": "a long password"});
        let _ = api.post("/api/v1/register", &account).await.ok();
        let message = |refusal: Refusal| refusal.all["message"].as_str().unwrap().to_owned();
        let wrong = json!({"name": "alice", "password": "another password"});
        let said = message(api.post("/api/v1/login", &wrong).await.refused("bad_credentials"));
        assert_eq!(said, "The name or the password is wrong. Please try again.");
        let nobody = json!({"name": "nobody", "password": "another password"});
        let same = message(api.post("/api/v1/login", &nobody).await.refused("bad_credentials"));
        assert_eq!(same, said, "it does not say which");
        let bob = server.account("bob").await;
        let bearing = api.bearing(&bob.token());
        let old = json!({"old": "another password", "new": "a longer password"});
        let said = message(bearing.post("/api/v1/password", &old).await.refused("bad_credentials"));
        assert_eq!(said, "The password is wrong. Please try again.");
        let said = message(api.bearing("x").get("/api/v1/me").await.refused("bad_credentials"));
        assert_eq!(said, "Your session has ended. Please sign in again.");
        let said = message(api.get("/api/v1/me").await.refused("unauthenticated"));
        assert!(said.contains("sign in") && said.contains("Bearer"), "{said}");
        let mut socket = server.connect().await;
        socket.text(r#"{"id":"seven","op":"ping"}"#).await;
        let said = message(socket.stray().await);
        assert!(said.contains("id must be a whole number"), "{said}");
    }

    async fn errors_over_http_have_the_status_of_their_code(store: Store) {
        let server = store.server().await;
        let alice = server.account("alice").await;
        let api = server.api().bearing(&alice.token());
        let send = json!({"cid": "c", "body": "x"});
        let _ = api.post("/api/v1/rooms/nowhere/messages", &send).await.refused("no_such_room");
        let _ = api.post("/api/v1/rooms/general/messages", &send).await.refused("not_member");
        let _ = api.get("/api/v1/rooms/general/history").await.refused("not_member");
        let empty = api.post("/api/v1/rooms/general/messages", &json!({"cid": "c"})).await;
        assert_eq!(empty.refused("bad_request").all["field"], "body");
        let _ = server.api().get("/api/v1/rooms").await.refused("unauthenticated");
    }

    async fn bodies_that_are_no_json_objects_are_refused(store: Store) {
        let server = store.server().await;
        for body in ["", "{", "[]", "null", "\"x\"", "\u{0}", "{\"name\":\"\\ud800\",\"password\":\"x\"}"] {
            for path in ["/api/v1/register", "/api/v1/login"] {
                let headers = [("content-type", "application/json")];
                let body = body.to_owned().into();
                let answer = server.api().send(Method::POST, path, &headers, body).await;
                assert!(matches!(answer.status.as_u16(), 400 | 415 | 422), "{path}: {}", answer.status);
                assert_eq!(answer.json()["err"]["code"], answer.status.as_u16());
            }
        }
    }

    async fn paths_and_methods_that_are_not_there(store: Store) {
        let server = store.server().await;
        let api = server.api();
        for path in ["/nothing", "/api/v2/me", "/../etc/passwd", "/%00"] {
            assert!(api.get(path).await.status.is_client_error(), "{path}");
        }
        for path in ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/rooms/general/nothing"] {
            let refusal = api.get(path).await.refused("no_such_path");
            assert_eq!(refusal.all["retryable"], false, "{path}");
        }
        for (path, allowed) in [("/api/v1/me", "GET"), ("/api/v1/login", "POST")] {
            let wrong = api.send(Method::DELETE, path, &[], "".into()).await;
            let refusal = wrong.refused("method_not_allowed");
            assert_eq!(refusal.all["retryable"], false, "{path}");
            assert_eq!(wrong.headers["allow"], allowed, "{path}");
        }
        let page = api.send(Method::DELETE, "/", &[], "".into()).await;
        assert_eq!((page.status, page.headers["allow"].to_str().unwrap()), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
    }

    async fn the_page_is_served_with_a_strict_policy(store: Store) {
        let server = store.server().await;
        let page = server.api().get("/").await;
        assert_eq!(page.status, StatusCode::OK);
        let kind = page.headers["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/html"), "{kind}");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{policy}");
        assert!(!policy.contains("http:") && !policy.contains("https:"), "{policy}");
    }

    async fn rooms_with_odd_names_are_reached_by_escaping(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let made = alice.ok("room.create", json!({"name": "Plans", "kind": "private"})).await;
        let room = made["card"]["room"].as_str().unwrap();
        let api = server.api().bearing(&alice.token());
        for path in [room.to_owned(), room.replace('~', "%7E")] {
            let history = api.get(&format!("/api/v1/rooms/{path}/history")).await.ok();
            assert_eq!(history["messages"], json!([]));
        }
    }
}
