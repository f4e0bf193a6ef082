//! What strangers may use: log lines, names, connections, points.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tests::{HttpConnection, Raw, Server, Settings, on_both};

const SELF: &str = "127.0.0.1";
const OTHER: &str = "127.0.0.2";

const HANDSHAKE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// White space before a body, sent in this many pieces: at two per second that takes seven seconds,
/// 3,000 bytes per second.
const SLOW_PIECES: usize = 14;
const SLOW_PIECE: [u8; 1500] = [b' '; 1500];

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n")
}

fn upgrade(more: &str) -> String {
    format!("GET /ws HTTP/1.1\r\nhost: localhost\r\n{HANDSHAKE}{more}\r\n")
}

/// Sends one request on a new connection and returns the answer.
async fn once(server: SocketAddr, request: &str) -> (u16, String) {
    let mut line = HttpConnection::from(SELF, server).await.unwrap();
    line.ask(request).await
}

/// Returns the address of the operator's listener, from the log.
async fn operator(server: &Server) -> SocketAddr {
    let line: Value = serde_json::from_str(&server.logged("listening").await).unwrap();
    line["operator"].as_str().unwrap().parse().unwrap()
}

/// Returns the number of requests in log lines with this text, and the number of those lines.
fn counted(lines: &[String], text: &str) -> (u64, usize) {
    let lines = lines.iter().filter(|line| line.contains(text));
    let counts: Vec<u64> = lines
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["requests"]
                .as_u64()
                .unwrap()
        })
        .collect();
    (counts.iter().sum(), counts.len())
}

/// Returns how many points a bucket grants at most within this time.
fn given(at_once: u64, per_s: u64, since: Instant) -> u64 {
    at_once + per_s * (since.elapsed().as_secs() + 1)
}

on_both! {
    async fn a_flood_of_foreign_pages_is_said_once_and_counted(store: Store) {
        let server = store.server().await;
        let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
        let began = Instant::now();
        for number in 0..2_000 {
            let origin = format!("https://evil-{number}.example/{}", "x".repeat(500));
            let (status, body) = line.ask(&upgrade(&format!("origin: {origin}\r\n"))).await;
            assert_eq!(status, 403);
            assert!(body.contains("allowed_origins") && body.len() < 400, "{body}");
        }
        let periods = usize::try_from(began.elapsed().as_secs() / 10).unwrap() + 1;
        let refused = server.scrape().await;
        let refused = refused.sum("parlor_requests_refused_total", &[("why", "foreign_origin")]);
        assert_eq!(refused.to_string(), "2000");
        let exit = server.stop().await;
        let (requests, lines) = counted(&exit.lines, "foreign origin");
        assert_eq!(requests, 2_000, "each is counted once");
        assert!(lines <= periods + 2, "{lines} lines");
        for line in exit.lines.iter().filter(|line| line.contains("foreign origin")) {
            assert!(line.len() < 500, "{line}");
        }
    }

    async fn a_flood_of_foreign_names_is_said_once_and_counted(store: Store) {
        let server = store.server().await;
        let mut line = HttpConnection::from(SELF, operator(&server).await).await.unwrap();
        let began = Instant::now();
        for number in 0..2_000 {
            let (status, _) = line.ask(&get("/metrics", &format!("n{number}.evil.example"))).await;
            assert_eq!(status, 421);
        }
        let periods = usize::try_from(began.elapsed().as_secs() / 10).unwrap() + 1;
        let exit = server.stop().await;
        let (requests, lines) = counted(&exit.lines, "foreign host");
        assert_eq!(requests, 2_000, "each is counted once");
        assert!(lines <= periods + 2, "{lines} lines");
    }

    async fn the_operators_listener_answers_to_no_strangers_name(store: Store) {
        let settings = Settings::default().with("PARLOR_OPERATOR_NAMES", "ops.example.org");
        let server = store.serve(settings).await;
        let operator = operator(&server).await;
        for host in ["127.0.0.1:9090", "LocalHost.", "[::1]:9090", "10.9.8.7", "OPS.example.org.:80"] {
            for path in ["/metrics", "/health/live", "/health/ready"] {
                assert_eq!(once(operator, &get(path, host)).await.0, 200, "{host}{path}");
            }
        }
        for host in ["evil.example", "evil.example:9090", "parlor", "localhost.evil.example"] {
            for path in ["/metrics", "/health", "/health/live", "/health/databases", "/nothing"] {
                let (status, body) = once(operator, &get(path, host)).await;
                assert_eq!(status, 421, "{host}{path}");
                assert!(body.contains("operator_names"), "the body names the setting: {body}");
            }
        }
        let forwarded = "GET /metrics HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: localhost\r\n\r\n";
        assert_eq!(once(operator, forwarded).await.0, 421);
        let absolute = "GET http://evil.example/metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
        assert_eq!(once(operator, absolute).await.0, 421);
        let two = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n";
        assert_eq!(once(operator, two).await.0, 400);
        assert_eq!(once(operator, "GET /health/live HTTP/1.0\r\n\r\n").await.0, 200);
        let reset = "POST /databases/core/reset HTTP/1.1\r\nhost: evil.example\r\n\r\n";
        assert_eq!(once(operator, reset).await.0, 421);
    }

    async fn a_page_at_another_name_opens_no_socket(store: Store) {
        let settings = Settings::default().with("PARLOR_PUBLIC_NAMES", "chat.example.org");
        let server = store.serve(settings).await;
        let rebound = |name: &str| {
            format!("GET /ws HTTP/1.1\r\nhost: {name}\r\norigin: http://{name}\r\n{HANDSHAKE}\r\n")
        };
        let address = server.address();
        let (status, body) = once(address, &rebound("evil.example:8080")).await;
        assert_eq!(status, 421);
        assert!(body.contains("public_names") && body.contains("evil.example"), "{body}");
        for path in ["/", "/api/v1/me", "/health"] {
            assert_eq!(once(address, &get(path, "evil.example")).await.0, 421, "{path}");
        }
        assert_eq!(once(address, &rebound(&address.to_string())).await.0, 101);
        assert_eq!(once(address, &rebound("localhost:8080")).await.0, 101);
    }

    async fn a_server_with_names_answers_to_those_alone(store: Store) {
        let settings = Settings::default()
            .with("PARLOR_LISTEN", "0.0.0.0:0")
            .with("PARLOR_PUBLIC_NAMES", "chat.example.org,www.example.org");
        let server = store.serve(settings).await;
        let address = SocketAddr::new(SELF.parse().unwrap(), server.address().port());
        for host in ["chat.example.org", "WWW.example.org:443", "192.0.2.1", "localhost"] {
            assert_eq!(once(address, &get("/health", host)).await.0, 200, "{host}");
        }
        for host in ["evil.example", "example.org", "a.chat.example.org", "parlor"] {
            assert_eq!(once(address, &get("/", host)).await.0, 421, "{host}");
        }
        assert!(!server.lines().iter().any(|line| line.contains("answers to any host name")));
    }

    async fn a_server_that_does_not_know_its_name_says_so(store: Store) {
        let server = store.serve(Settings::default().with("PARLOR_LISTEN", "0.0.0.0:0")).await;
        let line = server.logged("answers to any host name").await;
        assert!(line.contains("public_names"), "{line}");
        let address = SocketAddr::new(SELF.parse().unwrap(), server.address().port());
        assert_eq!(once(address, &get("/", "chat.example.org")).await.0, 200);
    }

    async fn a_proxy_of_today_goes_on_working_without_names(store: Store) {
        let server = store.server().await;
        let name = "chat.example.org";
        let upgrade = format!("GET /ws HTTP/1.1\r\nhost: {name}\r\norigin: https://{name}\r\n{HANDSHAKE}\r\n");
        assert_eq!(once(server.address(), &get("/", name)).await.0, 200);
        assert_eq!(once(server.address(), &upgrade).await.0, 101);
    }

    async fn sockets_that_are_refused_take_places_until_they_are_gone(store: Store) {
        let settings = Settings::default()
            .limited()
            .with("PARLOR_CONNECTIONS_PER_ADDRESS", "2")
            .with("PARLOR_HTTP_PER_ADDRESS", "3");
        let server = store.serve(settings).await;
        let (mut held, mut turned_away) = (Vec::new(), 0);
        for _ in 0..60 {
            let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
            match line.ask(&upgrade("")).await.0 {
                101 => held.push(line),
                status => {
                    assert_eq!(status, 429);
                    turned_away += 1;
                }
            }
        }
        assert!(turned_away > 0, "sockets that linger count for nobody");
        assert!(held.len() >= 2);
        let mut other = HttpConnection::from(OTHER, server.address()).await.unwrap();
        assert_eq!(other.ask(&upgrade("")).await.0, 101, "others are not concerned");
        drop(held);
        let mut again = 429;
        while again == 429 {
            again = once(server.address(), &upgrade("")).await.0;
        }
        assert_eq!(again, 101, "the places come back");
    }

    async fn slow_bodies_hold_up_nobody_else(store: Store) {
        let settings = Settings::default()
            .limited()
            .with("PARLOR_REQUESTS_MAX", "4")
            .with("PARLOR_HTTP_PER_ADDRESS", "8")
            .with("PARLOR_TRUSTED_PROXIES", SELF);
        let server = store.serve(settings).await;
        // At 250 bytes per second, what has arrived earns the remaining 60 s.
        let begun = " ".repeat(15_000);
        let slow = |from: &str| format!(
            "POST /api/v1/login HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {from}\r\ncontent-length: 15100\r\n\r\n{begun}"
        );
        let mut held = Vec::new();
        for _ in 0..8 {
            let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
            line.write(&slow("198.51.100.1")).await.unwrap();
            held.push(line);
        }
        let asks = |from: &str| format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {from}\r\n\r\n");
        // When their network has no connection left, the server has read all of them.
        while once(server.address(), &asks("198.51.100.1")).await.0 != 429 {}
        for from in ["198.51.100.2", "2001:db8::1"] {
            assert_eq!(once(server.address(), &asks(from)).await.0, 401, "{from}");
        }
        let neighbours = ["2001:db8:0:1::1", "2001:db8:0:1::2"];
        for number in 0..8 {
            let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
            line.write(&slow(neighbours[number % 2])).await.unwrap();
            held.push(line);
        }
        while once(server.address(), &asks("2001:db8:0:1:ffff::3")).await.0 != 429 {}
        assert_eq!(once(server.address(), &asks("2001:db8:0:2::1")).await.0, 401);
        drop(held);
    }

    async fn a_user_has_one_bucket_for_all_sockets_and_http(store: Store) {
        let server = store.serve(Settings::default().limited()).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut tabs = Vec::new();
        for tab in 0..7 {
            tabs.push(server.tab(&alice, &format!("tab-{tab}")).await);
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        let began = Instant::now();
        let mut commands = Vec::new();
        for (tab, client) in tabs.iter_mut().enumerate() {
            for number in 0..20 {
                let send = json!({"room": "lounge", "cid": format!("{tab}-{number}"), "body": "x"});
                commands.push((tab, client.post("send", send).await));
            }
        }
        let mut sent = 0;
        for (tab, command) in commands {
            match tabs[tab].reply(command).await {
                Ok(_) => sent += 1,
                Err(refusal) => assert_eq!(refusal, "rate_limited"),
            }
        }
        let api = server.api().bearing(&alice.token());
        for number in 0..20 {
            let send = json!({"cid": format!("http-{number}"), "body": "x"});
            let answer = api.post("/api/v1/rooms/lounge/messages", &send).await;
            sent += u64::from(answer.status.is_success());
        }
        assert!(sent >= 40, "what hello announces holds: {sent}");
        assert!(sent <= given(40, 20, began), "{sent} of 160 sends");
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        bob.say("lounge", "others are not concerned").await;
    }

    async fn every_request_over_http_costs_its_user_points(store: Store) {
        let server = store.serve(Settings::default().limited()).await;
        let token = server.register("alice").await;
        let me = format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        let (mut answered, began) = (0, Instant::now());
        let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
        for _ in 0..900 {
            match line.ask(&me).await.0 {
                200 => answered += 1,
                status => assert_eq!(status, 429),
            }
        }
        assert!((200..=given(200, 50, began)).contains(&answered), "{answered} of 900");
    }

    async fn a_network_pays_before_it_is_known_who_asks(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_NETWORK_POINTS_PER_S", "5");
        let server = store.serve(settings).await;
        for path in ["/", "/api/v1/me", "/api/v1/nothing", "/nothing", "/ws"] {
            let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
            let mut refused = 0;
            for _ in 0..100 {
                refused += u64::from(line.ask(&get(path, "x")).await.0 == 429);
            }
            assert!(refused > 0, "{path} is free");
        }
        for _ in 0..50 {
            let health = once(server.address(), &get("/health", "x")).await;
            assert_eq!(health.0, 200, "a load balancer is always answered");
        }
        let mut other = HttpConnection::from(OTHER, server.address()).await.unwrap();
        assert_eq!(other.ask(&get("/", "x")).await.0, 200, "others are not concerned");
    }

    async fn guests_that_come_and_go_cost_their_network_points(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_NETWORK_POINTS_PER_S", "10");
        let server = store.serve(settings).await;
        let (mut greeted, began) = (0, Instant::now());
        for number in 0..30 {
            let Ok(mut client) = server.dial(tests::Dial::default()).await else {
                continue;
            };
            let guest = json!({"guest": format!("guest-{number}")});
            greeted += u64::from(client.hello(guest).await.is_ok());
        }
        // An upgrade and a hello cost eleven points.
        assert!(greeted >= 1 && greeted * 11 <= given(40, 10, began), "{greeted} guests");
    }

    async fn a_foreign_page_does_nothing_over_http(store: Store) {
        let settings = Settings::default().with("PARLOR_ALLOWED_ORIGINS", "https://app.example.org");
        let server = store.serve(settings).await;
        let register = |name: &str, origin: &str| {
            let body = json!({"name": name, "password": "a long password"}).to_string();
            format!(
                "POST /api/v1/register HTTP/1.1\r\nhost: localhost\r\norigin: {origin}\r\n\
                 content-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        for origin in ["https://evil.example", "null", "http://localhost:81", "https://app.example.org.evil"] {
            let (status, body) = once(server.address(), &register("alice", origin)).await;
            assert_eq!(status, 403, "{origin}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["err"]["name"], "forbidden", "{body}");
            assert!(body["err"]["message"].as_str().unwrap().contains("allowed_origins"), "{body}");
        }
        for (name, origin) in [("alice", "http://localhost"), ("bob", "https://app.example.org")] {
            assert_eq!(once(server.address(), &register(name, origin)).await.0, 200, "{origin}");
        }
    }

    async fn a_body_on_a_slow_line_is_read(store: Store) {
        let server = store.server().await;
        let mut raw = Raw::connect(server.address()).await.unwrap();
        let body = json!({"name": "alice", "password": "the password of alice"}).to_string();
        let length = SLOW_PIECES * SLOW_PIECE.len() + body.len();
        let head = format!(
            "POST /api/v1/register HTTP/1.1\r\nhost: parlor\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        raw.bytes(head.as_bytes()).await.unwrap();
        for _ in 0..SLOW_PIECES {
            raw.bytes(&SLOW_PIECE).await.unwrap();
            // Sending takes longer than a body may take that does not grow.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        raw.bytes(body.as_bytes()).await.unwrap();
        let answer = raw.rest().await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    async fn a_token_counts_when_the_whole_request_is_there(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let body = json!({"cid": "late", "body": "too late"}).to_string();
        let (first, rest) = body.split_at(5);
        let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
        let head = format!(
            "POST /api/v1/rooms/lounge/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-length: {}\r\n\r\n{first}",
            alice.token(),
            body.len()
        );
        line.write(&head).await.unwrap();
        // A later request has been answered, so the server has had time to read the first.
        let api = server.api().bearing(&alice.token());
        let _ = api.get("/api/v1/me").await.ok();
        let _ = api.post("/api/v1/logout", &json!({})).await.ok();
        line.write(rest).await.unwrap();
        assert_eq!(line.answer().await.0, 401);
        let mut bob = server.account("bob").await;
        let joined = bob.ok("join", json!({"room": "lounge"})).await;
        assert!(!joined.to_string().contains("too late"), "{joined}");
    }
}
