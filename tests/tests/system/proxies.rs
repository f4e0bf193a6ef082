//! Behind the proxies of `deploy/`: nobody sees a 502, and everything arrives as it was sent.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Dial, HttpConnection, Proxy, Server, Settings, on_sqlite};
use tokio::time::{Instant, sleep};

const SELF: &str = "127.0.0.1";

/// The proxy is trusted, as both files say.
fn trusting() -> Settings {
    Settings::default().with("PARLOR_TRUSTED_PROXIES", SELF)
}

/// The proxy is not trusted, so what an address may do limits everyone behind it.
fn unlisted() -> Settings {
    let plenty = "10000";
    Settings::default()
        .limited()
        .with("PARLOR_HTTP_PER_ADDRESS", "40")
        .with("PARLOR_NETWORK_POINTS_PER_S", plenty)
        .with("PARLOR_COMMANDS_PER_S", plenty)
        .with("PARLOR_SENDS_PER_S", plenty)
        .with("PARLOR_HEADER_TIMEOUT_MS", "200")
}

fn post(proxy: &Proxy, token: &str, body: &str) -> String {
    format!(
        "POST /api/v1/rooms/lounge/messages HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        proxy.address(),
        body.len()
    )
}

/// Returns an account that is in the room `lounge`.
async fn member(server: &Server) -> String {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    alice.token()
}

fn send(proxy: &Proxy, token: &str, cid: &str) -> String {
    let body = json!({"cid": cid, "body": "by a proxy"}).to_string();
    post(proxy, token, &body)
}

/// Sends bursts of messages, with pauses of about as long as the server waits for the head of a
/// request: for that long it once kept an idle connection, too.
async fn posts_at_awkward_times(server: &Server, proxy: &Proxy) {
    let token = member(server).await;
    let people = (0..20_u32).map(|person| {
        let token = token.clone();
        async move {
            let mut line = HttpConnection::from(SELF, proxy.address()).await.unwrap();
            for number in 0..12_u32 {
                let (status, body) = line
                    .ask(&send(proxy, &token, &format!("{person}-{number}")))
                    .await;
                assert_eq!(status, 200, "{body} {:?}", proxy.lines());
                sleep(Duration::from_millis(u64::from(
                    180 + (person * 7 + number) % 40,
                )))
                .await;
            }
        }
    });
    join_all(people).await;
    let rooms = server.api().bearing(&token).get("/api/v1/rooms").await.ok();
    assert_eq!(rooms["rooms"][0]["head"], 241, "each is stored once");
}

/// Sends messages while the server stops; returns the statuses.
async fn posts_until_the_end(server: &Server, proxy: &Proxy) -> Vec<u16> {
    let token = member(server).await;
    let people = (0..8_u32).map(|person| {
        let token = token.clone();
        async move {
            let mut line = HttpConnection::from(SELF, proxy.address()).await.unwrap();
            let mut statuses = Vec::new();
            for number in 0_u32.. {
                let (status, body) = line
                    .ask(&send(proxy, &token, &format!("{person}-{number}")))
                    .await;
                statuses.push(status);
                if status == 200 {
                    sleep(Duration::from_millis(3)).await;
                    continue;
                }
                let error: Value = serde_json::from_str(&body).unwrap_or_default();
                assert_eq!(error["err"]["retryable"], true, "{status} {body:?}");
                break;
            }
            statuses
        }
    });
    let stop = async {
        sleep(Duration::from_millis(300)).await;
        server.stop().await
    };
    let (statuses, exit) = tokio::join!(join_all(people), stop);
    assert_eq!(exit.code, Some(0));
    statuses.concat()
}

/// Connects twice from the first address and once from the second; one socket per address may be open.
async fn addresses_count_as_they_are(server: &Server, proxy: &Proxy, addresses: [&'static str; 2]) {
    let connect = |from| {
        let dial = Dial::default().at(proxy.address()).from(from);
        // What the client claims about itself does not count.
        server.dial(dial.header("x-forwarded-for", "203.0.113.77"))
    };
    let guest = |address: &str| json!({"guest": address.replace('.', "-")});
    let [address, other] = addresses;
    let mut first = connect(address).await.unwrap();
    first.hello(guest(address)).await.unwrap();
    let mut second = connect(address).await.unwrap();
    assert_eq!(second.closed().await.code, Some(4505));
    let mut third = connect(other).await.unwrap();
    third.hello(guest(other)).await.unwrap();
    first.ok("ping", json!({})).await;
}

async fn sockets_carry_messages(server: &Server, proxy: &Proxy) {
    let mut alice = server
        .dial(Dial::default().at(proxy.address()))
        .await
        .unwrap();
    alice.hello(json!({"guest": "alice"})).await.unwrap();
    alice.ok("join", json!({"room": "general"})).await;
    let mut bob = server.guest("bob").await;
    bob.ok("join", json!({"room": "general"})).await;
    let said = alice.say("general", &"long ".repeat(700)).await;
    assert_eq!(bob.entry("general", "message").await["seq"], said["seq"]);
    let answer = bob.say("general", "short").await;
    alice
        .reach("general", answer["seq"].as_i64().unwrap())
        .await;
    let own = format!("http://{}", proxy.address());
    server
        .dial(Dial::default().at(proxy.address()).origin(&own))
        .await
        .unwrap();
    let foreign = Dial::default()
        .at(proxy.address())
        .origin("https://evil.example");
    assert_eq!(server.dial(foreign).await.unwrap_err().0, 403);
}

async fn bodies_have_the_documented_size(server: &Server, proxy: &Proxy) {
    let token = member(server).await;
    let mut line = HttpConnection::from(SELF, proxy.address()).await.unwrap();
    let wide = |bytes: usize| {
        let body = json!({"cid": format!("c{bytes}"), "body": "x"}).to_string();
        let space = " ".repeat(bytes - body.len());
        post(proxy, &token, &format!("{body}{space}"))
    };
    for (bytes, expected) in [
        (100, 200),
        (64 << 10, 200),
        ((64 << 10) + 1, 413),
        (900_000, 413),
        (100, 200),
    ] {
        let (status, body) = line.ask(&wide(bytes)).await;
        assert_eq!(status, expected, "{bytes} bytes");
        let parsed: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            parsed["err"].is_object(),
            expected == 413,
            "the server itself answers"
        );
    }
    let mut line = HttpConnection::from(SELF, proxy.address()).await.unwrap();
    assert_eq!(
        line.ask(&wide(1_500_000)).await.0,
        413,
        "the proxy takes no more than a megabyte"
    );
    let mut line = HttpConnection::from(SELF, proxy.address()).await.unwrap();
    let (head, _) = line
        .ask_for_head(&format!(
            "GET / HTTP/1.1\r\nhost: {}\r\n\r\n",
            proxy.address()
        ))
        .await;
    assert!(
        head.contains("strict-transport-security: max-age=31536000"),
        "{head}"
    );
}

on_sqlite! {
    async fn no_post_fails_behind_nginx(store: Store) {
        let server = store.serve(trusting().with("PARLOR_HEADER_TIMEOUT_MS", "200")).await;
        posts_at_awkward_times(&server, &Proxy::nginx(&server).await).await;
    }

    async fn no_post_fails_behind_caddy(store: Store) {
        let server = store.serve(trusting().with("PARLOR_HEADER_TIMEOUT_MS", "200")).await;
        posts_at_awkward_times(&server, &Proxy::caddy(&server).await).await;
    }

    async fn a_proxy_that_nobody_listed_gets_no_connection_closed_unsaid(store: Store) {
        let server = store.serve(unlisted()).await;
        let get = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
        // The places of its address are taken, so that each of its connections is closed.
        let mut idle = Vec::new();
        loop {
            let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
            let (head, _) = line.ask_for_head(get).await;
            if head.contains("connection: close") {
                break;
            }
            idle.push(line);
        }
        assert_eq!(idle.len(), 10, "a quarter of http_per_address");
        posts_at_awkward_times(&server, &Proxy::nginx(&server).await).await;
        for mut line in idle {
            assert_eq!(line.ask(get).await.0, 200, "it kept its place");
        }
    }

    async fn a_stop_behind_nginx_shows_errors_of_the_protocol_alone(store: Store) {
        let server = store.serve(trusting()).await;
        let statuses = posts_until_the_end(&server, &Proxy::nginx(&server).await).await;
        let odd: Vec<_> = statuses.iter().filter(|status| ![200, 503, 504].contains(*status)).collect();
        assert!(odd.is_empty() && statuses.contains(&200), "{statuses:?}");
    }

    async fn a_stop_behind_caddy_shows_errors_of_the_protocol_alone(store: Store) {
        let server = store.serve(trusting()).await;
        let statuses = posts_until_the_end(&server, &Proxy::caddy(&server).await).await;
        let odd: Vec<_> = statuses.iter().filter(|status| ![200, 503, 504].contains(*status)).collect();
        assert!(odd.is_empty() && statuses.contains(&200), "{statuses:?}");
    }

    async fn sockets_work_through_nginx(store: Store) {
        let server = store.serve(trusting()).await;
        sockets_carry_messages(&server, &Proxy::nginx(&server).await).await;
    }

    async fn sockets_work_through_caddy(store: Store) {
        let server = store.serve(trusting()).await;
        sockets_carry_messages(&server, &Proxy::caddy(&server).await).await;
    }
}

on_sqlite! {
    async fn each_person_behind_a_proxy_counts_as_their_own_address(store: Store) {
        let one = trusting().limited().with("PARLOR_CONNECTIONS_PER_ADDRESS", "1");
        let server = store.serve(one).await;
        addresses_count_as_they_are(&server, &Proxy::nginx(&server).await, ["127.0.0.2", "127.0.0.3"]).await;
        addresses_count_as_they_are(&server, &Proxy::caddy(&server).await, ["127.0.0.4", "127.0.0.5"]).await;
    }

    async fn a_body_that_the_server_takes_passes_nginx(store: Store) {
        let server = store.serve(trusting()).await;
        bodies_have_the_documented_size(&server, &Proxy::nginx(&server).await).await;
    }

    async fn a_body_that_the_server_takes_passes_caddy(store: Store) {
        let server = store.serve(trusting()).await;
        bodies_have_the_documented_size(&server, &Proxy::caddy(&server).await).await;
    }

    async fn a_stranger_keeps_few_connections_open(store: Store) {
        let settings = Settings::default()
            .limited()
            .with("PARLOR_HTTP_PER_ADDRESS", "12")
            .with("PARLOR_HEADER_TIMEOUT_MS", "300");
        let server = store.serve(settings).await;
        let get = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let (mut lines, mut staying) = (Vec::new(), 0);
        for _ in 0..12 {
            let mut line = HttpConnection::from(SELF, server.address()).await.unwrap();
            let (head, _) = line.ask_for_head(get).await;
            assert!(head.starts_with("http/1.1 200 "), "{head}");
            staying += u32::from(!head.contains("connection: close"));
            lines.push(line);
        }
        assert_eq!(staying, 3, "a quarter of http_per_address");
        let mut silent = HttpConnection::from("127.0.0.2", server.address()).await.unwrap();
        assert!(silent.closed().await < Duration::from_secs(10), "a silent stranger is closed");
        let mut kept = lines.swap_remove(0);
        assert_eq!(kept.ask(get).await.0, 200, "an idle connection outlasts header_timeout_ms");
        let began = Instant::now();
        kept.write("GET /hea").await.unwrap();
        kept.closed().await;
        assert!(began.elapsed() < Duration::from_secs(10), "a head that does not end is not waited for");
    }
}
