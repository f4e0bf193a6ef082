//! `/api/v1` for programs, and the page.

use http::{Method, StatusCode};
use serde_json::json;
use tests::on_both;

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
        for (path, allowed) in [("/api/v1/me", "GET"), ("/api/v1/login", "POST"), ("/", "GET, HEAD")] {
            let wrong = api.send(Method::DELETE, path, &[], "".into()).await;
            let refusal = wrong.refused("method_not_allowed");
            assert_eq!(refusal.all["retryable"], false, "{path}");
            assert_eq!(wrong.headers["allow"], allowed, "{path}");
        }
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
