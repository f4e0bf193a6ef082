//! What strangers may leave behind, and what they may take from account holders.

use crate::closing::identities;
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Claims, Client, Kind, Server, Settings, Store, on_both};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the store has this many such rows.
async fn until_rows(store: &Store, of: &str, wanted: i64) {
    let mut sql = store.sql().await;
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let rows = sql.count(of).await;
        if rows == wanted {
            return;
        }
        assert!(
            tokio::time::Instant::now() < end,
            "{of}: {rows}, not {wanted}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn password(name: &str, password: &str) -> Value {
    json!({"name": name, "password": password})
}

async fn log_in(server: &Server, name: &str) -> Value {
    let right = password(name, &format!("the password of {name}"));
    server.api().post("/api/v1/login", &right).await.ok()
}

async fn listed(client: &mut Client) -> usize {
    let page = client.ok("sessions", json!({})).await;
    page["sessions"].as_array().expect("a list").len()
}

/// Creates a thousand people who ended long ago, wrote nothing and left a session each.
fn left_behind(kind: Kind) -> String {
    let (id, hash, numbers) = match kind {
        Kind::Sqlite => (
            "CAST(printf('%016x', i) AS BLOB)",
            "CAST(printf('%032x', i) AS BLOB)",
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) \
             SELECT i FROM n)",
        ),
        Kind::Postgres => (
            "decode(lpad(to_hex(i), 32, '0'), 'hex')",
            "decode(lpad(to_hex(i), 64, '0'), 'hex')",
            "(SELECT generate_series(1, 1000) AS i) AS n",
        ),
    };
    format!(
        "INSERT INTO users (id, name, name_key, guest, created_at, seen_at, ended_at) \
         SELECT {id}, 'g', 'g', TRUE, 1, 1, 2 FROM {numbers}; \
         INSERT INTO sessions (id, user_id, token_hash, created_at, seen_at, ended_at) \
         SELECT {id}, {id}, {hash}, 1, 1, 2 FROM {numbers};"
    )
}

on_both! {
    async fn guests_who_wrote_nothing_leave_no_row(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        bob.open("lounge").await;
        let mut heard = server.guest("heard").await;
        heard.ok("join", json!({"room": "lounge"})).await;
        heard.say("lounge", "I was here").await;
        heard.ok("leave", json!({"room": "lounge"})).await;
        let token = heard.token();
        heard.close(1000).await;
        for n in 0..20 {
            server.guest(&format!("silent-{n}")).await.close(1000).await;
        }
        until_rows(&store, "users WHERE guest", 1).await;
        until_rows(&store, "sessions", 1).await;
        let page = bob.ok("history", json!({"room": "lounge"})).await;
        assert_eq!(page["messages"][0]["author"]["name"], "heard", "what was written has an author");
        let mut back = server.connect().await;
        let refused = back.hello(json!({"token": token})).await.unwrap_err();
        assert_eq!(refused.name, "bad_credentials");
        assert_eq!(back.closed().await.code, Some(4502));
        let again = server.guest("heard").await;
        assert_eq!(again.user()["name"], "heard", "its name is free");
    }

    async fn rows_of_an_older_server_that_nobody_needs_are_swept(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        bob.open("lounge").await;
        let mut gone = server.guest("gone").await;
        gone.ok("join", json!({"room": "lounge"})).await;
        gone.ok("leave", json!({"room": "lounge"})).await;
        gone.close(1000).await;
        until_rows(&store, "users WHERE ended_at IS NOT NULL", 1).await;
        assert_eq!(server.stop().await.code, Some(0));
        store.sql().await.run(&left_behind(store.kind())).await;
        server.start_again().await;
        until_rows(&store, "users WHERE name = 'g'", 0).await;
        until_rows(&store, "sessions WHERE ended_at = 2", 0).await;
        assert_eq!(store.sql().await.count("users WHERE ended_at IS NOT NULL").await, 1, "an entry names it");
        server.hello(json!({"token": bob.token()})).await;
    }

    async fn a_network_that_makes_too_many_guests_is_asked_to_wait(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_GUESTS_PER_NETWORK", "3");
        let server = store.serve(settings).await;
        let first = server.guest("a").await;
        for name in ["b", "c"] {
            server.guest(name).await;
        }
        let refused = server.connect().await.hello(json!({"guest": "d"})).await.unwrap_err();
        assert_eq!(refused.name, "rate_limited");
        let wait = refused.all["retry_after_ms"].as_u64().unwrap();
        assert!(wait <= 20_001, "{wait}");
        assert_eq!(server.resume(&first).await.id(), first.id(), "who is known comes back");
        server.account("alice").await;
    }

    async fn a_network_that_makes_too_many_accounts_is_asked_to_wait(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_ACCOUNTS_PER_NETWORK", "2");
        let server = store.serve(settings).await;
        let mut alice = server.account("alice").await;
        server.register("bob").await;
        let third = password("carol", "the password of carol");
        let refused = server.api().post("/api/v1/register", &third).await.refused("rate_limited");
        assert!(refused.all["retry_after_ms"].as_u64().unwrap() > 60_000, "{}", refused.all);
        let _ = log_in(&server, "alice").await;
        alice.ok("ping", json!({})).await;
    }

    async fn a_connection_is_not_moved_to_another_session(store: Store) {
        let server = store.serve(identities()).await;
        let claims = Claims::of("subject-1", "alice", 600);
        let mut first = server.hello(json!({"jwt": claims.jwt()})).await;
        let mut second = server.hello(json!({"jwt": claims.jwt()})).await;
        let moved = json!({"jwt": claims.jwt(), "token": second.token()});
        first.refused("hello", moved.clone(), "bad_credentials").await;
        let own = json!({"jwt": claims.jwt(), "token": first.token()});
        let extended = first.ok("hello", own).await;
        assert_eq!(extended["session"], first.greeting()["session"]);
        let revoked = json!({"session": first.greeting()["session"]});
        second.ok("session.revoke", revoked).await;
        assert_eq!(first.closed().await.code, Some(4502));
        second.ok("ping", json!({})).await;
        // A new connection belongs to the owner of the token.
        assert_eq!(server.hello(moved).await.token(), second.token());
    }

    async fn a_person_has_only_so_many_sessions(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_SESSIONS_PER_PERSON", "3");
        let server = store.serve(settings).await;
        let alice = server.account("alice").await;
        let (phone, tablet) = (log_in(&server, "alice").await, log_in(&server, "alice").await);
        let phone = server.hello(json!({"token": phone["token"], "tab": "phone"})).await;
        let desk = log_in(&server, "alice").await;
        let ended = server.api().bearing(tablet["token"].as_str().unwrap());
        let _ = ended.get("/api/v1/me").await.refused("bad_credentials");
        let mut desk = server.hello(json!({"token": desk["token"], "tab": "desk"})).await;
        assert_eq!(listed(&mut desk).await, 3);
        let right = password("alice", "the password of alice");
        let refused = server.api().post("/api/v1/login", &right).await.refused("limit_reached");
        assert_eq!(refused.all["limit"], "sessions_per_person");
        drop((alice, phone));
    }

    async fn sessions_come_in_pages_and_all_others_end_at_once(store: Store) {
        let server = store.serve(identities()).await;
        let claims = Claims::of("subject-1", "alice", 600);
        let mut alice = server.hello(json!({"jwt": claims.jwt()})).await;
        let mut last = server.hello(json!({"jwt": claims.jwt()})).await;
        for _ in 0..103 {
            server.hello(json!({"jwt": claims.jwt()})).await.close(1000).await;
        }
        let page = alice.ok("sessions", json!({})).await;
        assert_eq!(page["sessions"].as_array().unwrap().len(), 100);
        let rest = alice.ok("sessions", json!({"after": page["next"]})).await;
        assert_eq!(rest["sessions"].as_array().unwrap().len(), 5);
        assert!(rest.get("next").is_none(), "{rest}");
        assert_eq!(rest["sessions"][4]["current"], true, "the oldest is the one that asks");
        alice.ok("session.revoke", json!({"session": "others"})).await;
        assert_eq!(last.closed().await.code, Some(4502));
        assert_eq!(listed(&mut alice).await, 1);
        alice.ok("session.revoke", json!({"session": "others"})).await;
        alice.refused("sessions", json!({"after": "x"}), "bad_request").await;
    }

    async fn strangers_who_guess_lock_nobody_out_of_their_own_account(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_ATTEMPTS_PER_NAME", "3");
        let server = store.serve(settings).await;
        let token = server.register("alice").await;
        let guess = password("alice", "a guess at it");
        loop {
            let answer = server.api().post("/api/v1/login", &guess).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            let _ = answer.refused("bad_credentials");
        }
        let api = server.api().bearing(&token);
        let wrong = json!({"old": "not it, not it", "new": "another password"});
        let _ = api.post("/api/v1/password", &wrong).await.refused("bad_credentials");
        let right = json!({"old": "the password of alice", "new": "another password"});
        let _ = api.post("/api/v1/password", &right).await.ok();
        let delete = json!({"password": "another password"});
        let _ = api.post("/api/v1/delete-account", &delete).await.ok();
    }

    async fn what_only_the_deleted_needed_goes_with_them(store: Store) {
        let server = store.server().await;
        let mut bob = server.account("bob").await;
        bob.open("lounge").await;
        let mut alice = server.account("alice").await;
        alice.ok("join", json!({"room": "lounge"})).await;
        let said = bob.say("lounge", "hello").await;
        alice.ok("read", json!({"room": "lounge", "seq": said["seq"]})).await;
        until_rows(&store, "markers", 1).await;
        let silent = server.register("silent").await;
        for (name, token) in [("alice", alice.token()), ("silent", silent)] {
            let delete = json!({"password": format!("the password of {name}")});
            let _ = server.api().bearing(&token).post("/api/v1/delete-account", &delete).await.ok();
        }
        until_rows(&store, "markers", 0).await;
        until_rows(&store, "users", 2).await;
        until_rows(&store, "sessions", 1).await;
        assert_eq!(store.sql().await.count("users WHERE name = 'deleted user'").await, 1);
    }
}
