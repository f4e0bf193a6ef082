//! `hello {"jwt"}`.

use crate::closing::identities;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Algorithm, Claims, on_both, sign, sign_with};

on_both! {
    async fn a_signed_identity_enters_under_its_name(store: Store) {
        let server = store.serve(identities()).await;
        let jwt = Claims::of("subject-1", "alice", 600).jwt();
        let mut alice = server.connect().await;
        let hello = alice.hello(json!({"jwt": jwt})).await.unwrap();
        assert_eq!(hello["user"]["name"], "alice");
        assert_eq!(hello["user"]["guest"], false);
        assert_eq!(hello["resumed"], false);
    }

    async fn the_same_subject_is_the_same_user(store: Store) {
        let server = store.serve(identities()).await;
        let claims = Claims::of("subject-1", "alice", 600);
        let first = server.hello(json!({"jwt": claims.jwt()})).await;
        let second = server.hello(json!({"jwt": claims.jwt()})).await;
        assert_eq!(second.id(), first.id());
        assert_ne!(second.token(), first.token(), "a session of its own");
        let other = Claims::of("subject-2", "alice", 600).jwt();
        let other = server.hello(json!({"jwt": other})).await;
        assert_ne!(other.id(), first.id());
        assert_eq!(other.user()["name"], "alice-2");
    }

    async fn its_token_resumes_until_it_expires(store: Store) {
        let server = store.serve(identities()).await;
        // 60 s of clock skew are allowed: these are valid for about 6 s more.
        let claims = Claims::of("subject-1", "alice", -54);
        let alice = server.hello(json!({"jwt": claims.jwt()})).await;
        let again = server.hello(json!({"token": alice.token(), "tab": "b"})).await;
        assert_eq!(again.greeting()["resumed"], true);
        let end = tokio::time::Instant::now() + Duration::from_secs(15);
        loop {
            let answer = server.connect().await.hello(json!({"token": alice.token()})).await;
            match answer {
                Ok(_) => assert!(tokio::time::Instant::now() < end, "it expired"),
                Err(refusal) => {
                    assert_eq!(refusal, "token_expired");
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let fresh = Claims::of("subject-1", "alice", 600).jwt();
        let mut renewed = server.connect().await;
        let hello = renewed.hello(json!({"jwt": fresh, "token": alice.token()})).await.unwrap();
        assert_eq!(hello["resumed"], true);
        assert_eq!(hello["token"], alice.token());
    }

    async fn a_new_jwt_of_the_same_user_extends_the_connection(store: Store) {
        let server = store.serve(identities()).await;
        let mut alice = server.connect().await;
        let short = Claims::of("subject-1", "alice", -55).jwt();
        alice.hello(json!({"jwt": short})).await.unwrap();
        alice.push("auth_expiring", "").await;
        let long = Claims::of("subject-1", "alice", 600).jwt();
        alice.hello(json!({"jwt": long})).await.unwrap();
        alice.idle(Duration::from_secs(8)).await;
        assert!(!alice.has_ended());
        alice.ok("ping", json!({})).await;
    }

    async fn a_jwt_of_another_user_does_not_take_the_connection(store: Store) {
        let server = store.serve(identities()).await;
        let alice = Claims::of("subject-1", "alice", 600).jwt();
        let mallory = Claims::of("subject-2", "mallory", 600).jwt();
        let mut client = server.hello(json!({"jwt": alice})).await;
        let answer = client.call("hello", json!({"jwt": mallory})).await;
        assert!(answer.is_err(), "{answer:?}");
        assert_eq!(client.user()["name"], "alice");
    }

    async fn what_is_not_signed_rightly_is_refused(store: Store) {
        let server = store.serve(identities()).await;
        let claims = Claims::of("subject-1", "alice", 600);
        let good = claims.jwt();
        let mut tampered = good.clone();
        tampered.pop();
        tampered.push(if good.ends_with('A') { 'B' } else { 'A' });
        let header = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        let payload = good.split('.').nth(1).unwrap();
        for jwt in [
            sign(&claims, Algorithm::HS256, "another secret of 32 bytes or more"),
            sign(&claims, Algorithm::HS512, tests::SECRET),
            format!("{header}.{payload}."),
            tampered,
            String::new(),
            "a.b".to_owned(),
            claims.clone().with("exp", json!("soon")).jwt(),
            claims.clone().with("exp", json!(null)).jwt(),
            claims.clone().with("sub", json!(null)).jwt(),
        ] {
            let refusal = server.connect().await.hello(json!({"jwt": jwt})).await.unwrap_err();
            assert!(refusal == "bad_credentials" || refusal == "bad_request", "{jwt}: {refusal:?}");
        }
    }

    async fn a_header_is_read_as_the_standard_says(store: Store) {
        let server = store.serve(identities()).await;
        let claims = Claims::of("subject-1", "alice", 600);
        let signed = |more: Value| {
            let mut header = json!({"typ": "JWT", "alg": "HS256"});
            for (name, value) in more.as_object().unwrap() {
                header[name] = value.clone();
            }
            sign_with(&header, &claims, Algorithm::HS256, tests::SECRET)
        };
        for harmless in [json!({"ver": 1}), json!({"kid": "a", "jku": "https://evil.example"}), json!({"x": {"y": []}})] {
            server.hello(json!({"jwt": signed(harmless)})).await;
        }
        for unknown in [json!({"crit": ["urn:x"], "urn:x": 1}), json!({"crit": ["b64"], "b64": false}), json!({"crit": []})] {
            let jwt = signed(unknown);
            let refusal = server.connect().await.hello(json!({"jwt": jwt})).await.unwrap_err();
            assert_eq!(refusal, "bad_credentials");
        }
        let times = claims.with("exp", json!(4_000_000_000.5)).with("nbf", json!(1.5));
        server.hello(json!({"jwt": times.jwt()})).await;
    }

    async fn issuer_and_audience_are_checked_when_configured(store: Store) {
        let settings = identities()
            .with("PARLOR_JWT_ISSUER", "https://id.example.org")
            .with("PARLOR_JWT_AUDIENCE", "chat");
        let server = store.serve(settings).await;
        let bare = Claims::of("subject-1", "alice", 600);
        let right = bare
            .clone()
            .with("iss", json!("https://id.example.org"))
            .with("aud", json!("chat"));
        server.hello(json!({"jwt": right.jwt()})).await;
        for wrong in [
            bare,
            right.clone().with("iss", json!("https://evil.example")),
            right.with("aud", json!("mail")),
        ] {
            let hello = json!({"jwt": wrong.jwt()});
            assert_eq!(server.connect().await.hello(hello).await.unwrap_err(), "bad_credentials");
        }
    }

    async fn without_a_secret_nobody_enters_by_jwt(store: Store) {
        let server = store.server().await;
        let jwt = Claims::of("subject-1", "alice", 600).jwt();
        let refusal = server.connect().await.hello(json!({"jwt": jwt})).await.unwrap_err();
        assert_eq!(refusal, "bad_credentials");
    }
}
