//! Bad input gets the error's name, and the connection stays open.

use serde_json::{Value, json};
use tests::{Client, Server, on_sqlite};

async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    (alice, bob)
}

/// Checks that no bad input reached anybody, and that everything still works.
async fn unharmed(alice: &mut Client, bob: &mut Client) {
    bob.settle().await;
    assert!(
        bob.pushed("entry", "lounge").is_empty(),
        "a refusal writes nothing"
    );
    let ack = alice.say("lounge", "still here").await;
    assert_eq!(bob.entry("lounge", "message").await["seq"], ack["seq"]);
}

on_sqlite! {
    async fn a_frame_that_is_no_command_gets_an_err_without_id(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for frame in [
            "", " ", "{", "null", "true", "7", "\"send\"", "[]", "[{}]", "{}", "{\"op\":\"ping\"}",
            "{\"id\":null,\"op\":\"ping\",\"d\":{}}", "{\"id\":\"7\",\"op\":\"ping\",\"d\":{}}",
            "{\"id\":-1,\"op\":\"ping\",\"d\":{}}", "{\"id\":1.5,\"op\":\"ping\",\"d\":{}}",
            "{\"id\":9007199254740992,\"op\":\"ping\",\"d\":{}}", "{\"id\":1e400,\"op\":\"ping\"}",
            "{\"id\":1,\"op\":\"ping\",\"d\":{}", "{'id':1,'op':'ping'}", "\u{feff}{}", "\0",
            "{\"id\":[1],\"op\":\"ping\",\"d\":{}}", "{\"id\":true,\"op\":\"ping\",\"d\":{}}",
        ] {
            alice.text(frame).await;
            let refusal = alice.stray().await;
            assert_eq!(refusal, "bad_frame", "{frame:?}: {}", refusal.all);
        }
        unharmed(&mut alice, &mut bob).await;
    }

    async fn a_frame_with_an_id_gets_its_err_with_it(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for (id, frame) in [
            (901, "{\"id\":901}"), (902, "{\"id\":902,\"op\":7,\"d\":{}}"),
            (903, "{\"id\":903,\"op\":\"ping\",\"d\":[]}"),
            (904, "{\"id\":904,\"op\":\"ping\",\"d\":\"x\"}"),
            (905, "{\"id\":905,\"op\":null,\"d\":{}}"),
        ] {
            alice.expects(id, "?", Value::Null);
            alice.text(frame).await;
            let refusal = alice.reply(id).await.unwrap_err();
            assert!(refusal == "bad_frame" || refusal == "bad_request", "{frame}: {refusal:?}");
        }
        unharmed(&mut alice, &mut bob).await;
    }

    async fn unknown_fields_are_ignored(store: Store) {
        let server = store.server().await;
        let (mut alice, _bob) = lounge(&server).await;
        alice.expects(77, "ping", json!({}));
        alice.text("{\"x\":[1,{}],\"id\":77,\"op\":\"ping\",\"d\":{\"y\":null},\"z\":\"\"}").await;
        alice.reply(77).await.unwrap();
        let send = json!({"room": "lounge", "cid": "c", "body": "x", "color": "red", "seq": 7});
        alice.ok("send", send).await;
    }

    async fn an_unknown_op_is_named_so(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for op in ["", "SEND", "send ", "room", "room.delete", "__proto__", "\u{0}", "hello.guest"] {
            alice.refused(op, json!({"room": "lounge"}), "unknown_op").await;
        }
        unharmed(&mut alice, &mut bob).await;
    }

    async fn a_missing_or_mistyped_field_is_named(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let good = [
            ("join", json!({"room": "lounge"})),
            ("leave", json!({"room": "lounge"})),
            ("send", json!({"room": "lounge", "cid": "c", "body": "b"})),
            ("edit", json!({"room": "lounge", "target": 1, "body": "b"})),
            ("delete", json!({"room": "lounge", "target": 1})),
            ("react", json!({"room": "lounge", "target": 1, "emoji": "👍", "on": true})),
            ("log", json!({"room": "lounge", "after": 0})),
            ("history", json!({"room": "lounge"})),
            ("read", json!({"room": "lounge", "seq": 1})),
            ("typing", json!({"room": "lounge", "on": true})),
            ("members", json!({"room": "lounge"})),
            ("presence", json!({"room": "lounge"})),
            ("room.create", json!({"name": "kitchen", "kind": "public"})),
            ("room.update", json!({"room": "lounge"})),
            ("dm", json!({"user": "@bob"})),
            ("invite", json!({"room": "lounge", "user": "@bob"})),
            ("kick", json!({"room": "lounge", "user": "@bob"})),
            ("ban", json!({"room": "lounge", "user": "@bob"})),
            ("unban", json!({"room": "lounge", "user": "@bob"})),
            ("mute", json!({"room": "lounge", "user": "@bob", "until_ms": 1})),
            ("role", json!({"room": "lounge", "user": "@bob", "role": "member"})),
            ("session.revoke", json!({"session": "s"})),
        ];
        for (op, d) in good {
            for field in d.as_object().unwrap().keys() {
                let mut missing = d.clone();
                missing.as_object_mut().unwrap().remove(field);
                let refusal = alice.refused(op, missing, "bad_request").await;
                assert_eq!(refusal.all["field"], field.as_str(), "{op}");
                let mut mistyped = d.clone();
                mistyped[field] = json!({"an": "object"});
                let refusal = alice.refused(op, mistyped, "bad_request").await;
                assert_eq!(refusal.all["field"], field.as_str(), "{op}");
            }
        }
        unharmed(&mut alice, &mut bob).await;
    }

    async fn numbers_out_of_range_are_refused_or_clipped(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for number in [json!(-1), json!(1.5), json!(1e300), json!(u64::MAX), json!(i64::MIN)] {
            for (op, field) in [
                ("log", "after"), ("history", "before"), ("history", "around"), ("read", "seq"),
                ("join", "after"), ("join", "limit"),
            ] {
                let mut d = json!({"room": "lounge"});
                d[field] = number.clone();
                if let Err(refusal) = alice.call(op, d).await {
                    assert_eq!(refusal, "bad_request", "{op} {field} {number}");
                    assert_eq!(refusal.all["field"], field, "{op} {number}");
                }
            }
        }
        unharmed(&mut alice, &mut bob).await;
    }

    async fn text_that_is_none_is_refused(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let long = "x".repeat(4_001);
        for body in ["", " ", "\n\t ", "\0", "a\0b", "\u{7}", "\u{1b}[31m", "\r", "\u{85}", &long] {
            let send = json!({"room": "lounge", "cid": "c", "body": body});
            alice.refused("send", send, "bad_text").await;
        }
        let topic = json!({"room": "lounge", "topic": "a\0b"});
        alice.refused("room.update", topic, "bad_text").await;
        unharmed(&mut alice, &mut bob).await;
    }

    async fn a_lone_surrogate_is_bad_text(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        for (id, body) in [(801, "\\ud800"), (802, "a\\udc00b"), (803, "\\udc00\\ud800")] {
            alice.expects(id, "send", Value::Null);
            let frame = format!(
                "{{\"id\":{id},\"op\":\"send\",\"d\":{{\"room\":\"lounge\",\"cid\":\"c\",\"body\":\"{body}\"}}}}"
            );
            alice.text(&frame).await;
            assert_eq!(alice.reply(id).await.unwrap_err(), "bad_text", "{body}");
        }
        unharmed(&mut alice, &mut bob).await;
    }

    async fn nul_is_refused_wherever_text_goes(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let seq = alice.say("lounge", "hello").await["seq"].clone();
        bob.entry("lounge", "message").await;
        for (op, d) in [
            ("join", json!({"room": "a\0"})),
            ("send", json!({"room": "lounge", "cid": "c\0", "body": "x"})),
            ("edit", json!({"room": "lounge", "target": seq, "body": "x\0"})),
            ("react", json!({"room": "lounge", "target": seq, "emoji": "\0", "on": true})),
            ("members", json!({"room": "lounge", "after": "\0"})),
            ("rooms", json!({"after": "\0"})),
            ("room.create", json!({"name": "a\0", "kind": "public"})),
            ("room.create", json!({"name": "a\0", "kind": "private"})),
            ("room.create", json!({"name": "ok", "kind": "public", "topic": "\0"})),
            ("room.create", json!({"name": "ok", "kind": "private", "cid": "\0"})),
            ("dm", json!({"user": "@\0"})),
            ("dm", json!({"user": "\0"})),
            ("kick", json!({"room": "lounge", "user": "@bob", "reason": "\0"})),
            ("session.revoke", json!({"session": "\0"})),
        ] {
            let refusal = alice.call(op, d.clone()).await.expect_err("NUL is nowhere text");
            assert!(matches!(refusal.code, 400 | 404), "{op} {d}: {}", refusal.all);
        }
        let hello = json!({"guest": "a\0b"});
        let refusal = server.connect().await.hello(hello).await.unwrap_err();
        assert_eq!(refusal.code, 400, "{}", refusal.all);
        unharmed(&mut alice, &mut bob).await;
    }

    async fn deep_and_strange_json_harms_nobody(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let deep = format!("{{\"id\":1001,\"op\":\"ping\",\"d\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
        alice.expects(1_001, "?", Value::Null);
        alice.text(&deep).await;
        alice.expects(1_002, "ping", json!({}));
        alice.text("{\"id\":1002,\"op\":\"ping\",\"d\":{}}").await;
        alice.reply(1_002).await.unwrap();
        let twice = "{\"id\":1003,\"op\":\"ping\",\"op\":\"leave\",\"d\":{\"room\":\"lounge\"}}";
        alice.expects(1_003, "?", Value::Null);
        alice.text(twice).await;
        let _ = alice.call("ping", json!({})).await;
        unharmed(&mut alice, &mut bob).await;
    }

    async fn no_input_reaches_a_line_of_the_log_unescaped(store: Store) {
        let server = store.server().await;
        let (mut alice, mut bob) = lounge(&server).await;
        let trick = "\n{\"level\":\"ERROR\",\"message\":\"forged line\"}\n\u{1b}[2J";
        let _ = alice.call("join", json!({"room": trick})).await;
        let _ = alice.call(trick, json!({})).await;
        let _ = server.connect().await.hello(json!({"guest": trick})).await;
        let _ = server.connect().await.hello(json!({"jwt": trick})).await;
        let path = "/%0a%7b%22level%22:%22ERROR%22%7d";
        server.api().get(path).await;
        unharmed(&mut alice, &mut bob).await;
        for line in server.lines() {
            assert!(!line.starts_with("{\"level\":\"ERROR\",\"message\":\"forged"), "{line}");
            assert!(!line.contains('\u{1b}'), "{line:?}");
            assert!(serde_json::from_str::<Value>(&line).is_ok(), "each line is JSON: {line:?}");
        }
    }

    async fn neither_text_nor_tokens_are_in_the_log(store: Store) {
        let server = store
            .serve(tests::Settings::default().with("PARLOR_LOG", "debug"))
            .await;
        let (mut alice, mut bob) = lounge(&server).await;
        alice.say("lounge", "the password is swordfish").await;
        bob.entry("lounge", "message").await;
        let _ = server.connect().await.hello(json!({"token": alice.token()})).await;
        unharmed(&mut server.hello(json!({"token": alice.token()})).await, &mut bob).await;
        let log = server.lines().join("\n");
        assert!(!log.contains("swordfish"));
        assert!(!log.contains(&alice.token()));
        assert!(!log.contains("the password of alice"));
    }
}
