//! What the two listeners serve, and what they refuse.

use crate::process::{Answer, Server};
use serde_json::{Value, json};
use std::io::{Read, Write};

const UPGRADE: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[test]
fn the_page_is_served_with_its_policy_and_asked_about_by_its_tag() {
    let server = Server::with(&[]);
    let page = server.get("/");
    assert_eq!(page.status, 200);
    for said in [
        "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
         connect-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "content-type: text/html",
    ] {
        assert!(page.head.contains(said), "{said} is missing: {}", page.head);
    }
    let tag = page
        .head
        .split("etag: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let again = server.ask("GET", "/", &[("if-none-match", tag)], "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(server.ask("HEAD", "/", &[], "").body, "");
    assert_eq!(server.ask("POST", "/", &[], "").status, 405);
    assert_eq!(server.get("/nothing").status, 404);
    for file in ["/sw.js", "/manifest.webmanifest", "/icon.svg"] {
        assert_eq!(server.get(file).status, 200, "{file}");
    }
}

#[test]
fn a_server_without_the_page_has_nothing_at_the_root() {
    let server = Server::with(&[("PARLOR_WEB", "off")]);
    for path in ["/", "/sw.js", "/icon.svg"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.get("/health").body, "ok");
    assert_eq!(server.get("/api/v1/me").status, 401);
}

#[test]
fn health_is_one_word_for_people_and_the_whole_for_the_operator() {
    let server = Server::with(&[]);
    assert_eq!(server.get("/health").body, "ok");
    assert_eq!(
        server.operator("/health/live").json(),
        json!({ "status": "ok" })
    );
    assert_eq!(
        server.operator("/health/ready").json(),
        json!({ "status": "ok" })
    );
    let whole = server.operator("/health").json();
    assert_eq!(whole["status"], "ok");
    assert_eq!(whole["databases"]["core"]["backend"], "sqlite");
    assert_eq!(
        server.operator("/health/databases").json()["databases"]["core"]["durability"],
        "power"
    );
    let pool = server.operator("/health/db-pool").json();
    assert_eq!(pool["healthy"], true);
    for figure in ["total", "idle", "in_use", "waiting", "max", "healthy"] {
        assert!(
            !pool["databases"]["core"][figure].is_null(),
            "{figure}: {pool}"
        );
    }
    let tasks = server.operator("/health/tasks").json();
    let names: Vec<_> = tasks["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert!(names.contains(&&json!("accept people")), "{names:?}");
    let bus = server.operator("/health/bus").json();
    assert_eq!(bus["credits"], 1024);
    let subscribers = bus["subscribers"].as_array().unwrap();
    assert!(
        subscribers.iter().any(|s| s["name"] == "messaging"),
        "{bus}"
    );
    assert_eq!(server.operator("/health/nothing").status, 404);
    assert_eq!(
        server.get("/health/bus").status,
        404,
        "the inside is not shown to people"
    );
}

#[test]
fn a_foreign_page_is_refused_by_name_in_body_and_log() {
    let mut server = Server::with(&[]);
    let mut headers = UPGRADE.to_vec();
    headers.push(("origin", "https://evil.example"));
    let refused = server.ask("GET", "/ws", &headers, "");
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("https://evil.example"),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("allowed_origins"), "{}", refused.body);
    let line = server.logged("foreign origin");
    assert!(
        line["origin"]
            .as_str()
            .unwrap()
            .contains("https://evil.example"),
        "{line}"
    );
    assert_eq!(line["setting"], "allowed_origins");
}

#[test]
fn what_is_no_handshake_is_told_what_is_expected() {
    let server = Server::with(&[]);
    let plain = server.get("/ws");
    assert_eq!(plain.status, 426);
    assert!(
        plain.head.contains("sec-websocket-version: 13"),
        "{}",
        plain.head
    );
    let mut headers = UPGRADE.to_vec();
    headers.push(("sec-websocket-protocol", "parlor.v9"));
    assert_eq!(server.ask("GET", "/ws", &headers, "").status, 400);
}

#[test]
fn a_client_that_does_not_finish_its_request_is_cut_off() {
    let server = Server::with(&[("PARLOR_HEADER_TIMEOUT_MS", "100")]);
    let mut stream = server.connect();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n")
        .unwrap();
    // The server closes it; otherwise the time limit of the harness fails the test.
    let answer = Answer::read(&mut stream);
    assert!([0, 408].contains(&answer.status), "{}", answer.head);
    let mut silent = server.connect();
    assert_eq!(
        silent.read(&mut [0; 16]).unwrap(),
        0,
        "closed without a word"
    );
}

#[test]
fn what_is_too_large_is_refused() {
    let server = Server::with(&[("PARLOR_BODY_BYTES_MAX", "1024")]);
    let long = "x".repeat(20_000);
    assert_eq!(server.ask("GET", "/", &[("x-long", &long)], "").status, 431);
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(1_024));
    let refused = server.ask("POST", "/api/v1/register", &[], &body);
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (413, "too_large")
    );
}

#[test]
fn one_address_has_so_many_connections_and_no_more() {
    let server = Server::with(&[("PARLOR_HTTP_PER_ADDRESS", "2")]);
    let held = [server.connect(), server.connect()];
    let refused = server.get("/health");
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (429, "rate_limited")
    );
    drop(held);
    // The server notices its end at the next read.
    while server.get("/health").status != 200 {}
}

#[test]
fn a_server_without_file_descriptors_waits_for_some_and_says_so_once() {
    let mut server = Server::with_files(48);
    let held: Vec<_> = (0..60).map(|_| server.connect()).collect();
    let trouble = server.logged("cannot accept");
    assert_eq!(trouble["level"], "ERROR");
    drop(held);
    while !server.has_logged("accepting connections again") {
        assert_eq!(server.get("/health").status, 200);
    }
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log:?}");
    let said = log
        .iter()
        .filter(|line| line.contains("cannot accept"))
        .count();
    assert_eq!(said, 1, "{log:?}");
}

#[test]
fn the_api_registers_knows_and_forgets_a_caller() {
    let server = Server::with(&[]);
    let post = |path: &str, token: &str, body: &str| {
        let bearer = format!("Bearer {token}");
        server.ask("POST", path, &[("authorization", &bearer)], body)
    };
    let account = r#"{"name":"alice","password":"wonderland"}"#;
    let registered = server.ask("POST", "/api/v1/register", &[], account).json();
    let token = registered["token"].as_str().unwrap();
    let me = |token: &str| {
        let bearer = format!("bearer {token}");
        server.ask("GET", "/api/v1/me", &[("authorization", &bearer)], "")
    };
    assert_eq!(me(token).json()["user"], registered["user"]);
    let changed = post(
        "/api/v1/password",
        token,
        r#"{"old":"wonderland","new":"looking-glass"}"#,
    );
    assert_eq!(changed.json(), Value::Object(serde_json::Map::new()));
    assert_eq!(
        server.ask("POST", "/api/v1/login", &[], account).error(),
        "bad_credentials"
    );
    assert_eq!(post("/api/v1/logout", token, "").status, 200);
    let gone = me(token);
    assert_eq!(
        (gone.status, gone.error().as_str()),
        (401, "bad_credentials")
    );
    assert!(
        gone.head.contains("www-authenticate: bearer"),
        "{}",
        gone.head
    );
    let nobody = server.get("/api/v1/me");
    assert_eq!(
        (nobody.status, nobody.error().as_str()),
        (401, "unauthenticated")
    );
    let cookie = server.ask(
        "GET",
        &format!("/api/v1/me?token={token}"),
        &[("cookie", token)],
        "",
    );
    assert_eq!(
        cookie.error(),
        "unauthenticated",
        "a token counts in its header alone"
    );
}
