//! HTTP and sockets that are answered outside the gateway.

use crate::client::{Socket, get, post, request};
use crate::stage::{LIMIT, Outside, Stage, settings};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use gateway::{
    AllowedOrigin, HttpMount, Limits, LocalMessage, MessageSocket, MountHandler, MountRequest,
    MountResponse, Settings, SocketMessage,
};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::Message;

/// Does what the end of its path says.
pub(crate) struct Handler {
    /// Ends a long poll.
    pub(crate) released: Arc<Semaphore>,
    /// Counts the long polls that have begun.
    pub(crate) polling: Arc<Semaphore>,
}

impl MountHandler for Handler {
    fn answer(&self, request: MountRequest) -> BoxFuture<'static, MountResponse> {
        let (released, polling) = (Arc::clone(&self.released), Arc::clone(&self.polling));
        Box::pin(async move {
            let path = request.head.uri.path().to_owned();
            match path.rsplit('/').next() {
                Some("poll") => {
                    polling.add_permits(1);
                    released.acquire().await.unwrap().forget();
                    text(StatusCode::OK, "polled".to_owned())
                }
                Some("panic") => panic!("as the client wishes"),
                Some("continue") => text(StatusCode::CONTINUE, String::new()),
                Some("echo" | "words") => match request.upgrade {
                    Some(upgrade) if path.ends_with("echo") => upgrade.accept(None, echo),
                    Some(upgrade) => {
                        let door = request.door;
                        upgrade.accept(None, move |socket| async move {
                            translate(socket, door.open().unwrap()).await;
                        })
                    }
                    None => text(StatusCode::BAD_REQUEST, "no WebSocket".to_owned()),
                },
                _ => shown(&request),
            }
        })
    }
}

/// Returns what a request was.
fn shown(request: &MountRequest) -> MountResponse {
    let of_client = request.head.headers.get("x-client");
    let all = json!({
        "method": request.head.method.as_str(),
        "uri": request.head.uri.to_string(),
        "x-client": of_client.map(|line| line.to_str().unwrap()),
        "body": String::from_utf8_lossy(&request.body),
        "address": request.address.to_string(),
        "network": request.door.network().to_string(),
    });
    text(StatusCode::OK, all.to_string())
}

fn text(status: StatusCode, text: String) -> MountResponse {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}

async fn echo(mut socket: MessageSocket) {
    while let Some(message) = socket.recv().await {
        let done = message == SocketMessage::Text("close".to_owned());
        if done {
            socket.close(4000, "as you wish").await;
        } else if matches!(message, SocketMessage::Closed(_)) || socket.send(message).await.is_err()
        {
            return;
        }
    }
}

/// Translates between a protocol of one word and `parlor.v1`.
async fn translate(mut socket: MessageSocket, connection: gateway::LocalConnection) {
    let (mut sender, mut receiver) = connection.split();
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(SocketMessage::Text(name)) => {
                    let hello = json!({"id": 1, "op": "hello", "d": {"guest": name}});
                    sender.send(&hello.to_string()).await.unwrap();
                }
                _ => return,
            },
            frame = receiver.recv() => match frame {
                Some(LocalMessage::Text(frame)) => {
                    let frame: serde_json::Value = serde_json::from_str(&frame).unwrap();
                    let word = frame["ok"]["user"]["name"].as_str().or(frame["ev"].as_str());
                    let word = SocketMessage::Text(word.unwrap().to_owned());
                    if socket.send(word).await.is_err() {
                        return;
                    }
                }
                Some(LocalMessage::Closed { code, reason }) => {
                    return socket.close(code, &reason).await;
                }
                None => return,
            },
        }
    }
}

/// A stage with one mount, and what ends its long polls and counts them.
pub(crate) struct Mounted {
    pub(crate) stage: Stage,
    pub(crate) released: Arc<Semaphore>,
    pub(crate) polling: Arc<Semaphore>,
}

impl Mounted {
    pub(crate) async fn new(settings: Settings, change: impl FnOnce(&mut HttpMount)) -> Self {
        let (released, polling) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let handler = Handler {
            released: Arc::clone(&released),
            polling: Arc::clone(&polling),
        };
        let mut mount = HttpMount::new("/door/", Arc::new(handler));
        change(&mut mount);
        let below_api = HttpMount::new("/api/v1/x/doors/", Arc::clone(&mount.handler));
        let stage = Stage::new(Outside {
            mounts: vec![mount, below_api],
            settings,
            ..Outside::default()
        })
        .await;
        Self {
            stage,
            released,
            polling,
        }
    }

    async fn plain() -> Self {
        Self::new(settings(Limits::default()), |_| {}).await
    }

    /// Waits until this many long polls have begun.
    pub(crate) async fn polls(&self, count: u32) {
        let begun = tokio::time::timeout(LIMIT, self.polling.acquire_many(count)).await;
        begun.expect("the polls begin").unwrap().forget();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_arrives_whole_and_its_response_goes_back() {
    let mounted = Mounted::plain().await;
    let stage = &mounted.stage;
    let posted = post(stage, "/door/a?b=c", &["x-client: one"], "the body").await;
    assert_eq!(posted.status, 200);
    assert!(posted.head.contains("x-content-type-options: nosniff"));
    assert_eq!(
        posted.json(),
        json!({"method": "POST", "uri": "/door/a?b=c", "x-client": "one", "body": "the body",
            "address": "127.0.0.1", "network": "127.0.0.1"})
    );
    for path in [
        "/door",
        "/door/",
        "/api/v1/x/doors/a/b",
        "/api/v1/x/doors/a",
    ] {
        let deleted = request(stage, &format!("DELETE {path}"), &[], "").await;
        assert_eq!(deleted.json()["uri"], path);
    }
    for path in ["/", "/doors", "/api/v1/x/other/a"] {
        assert_eq!(get(stage, path, &[]).await.status, 404, "{path}");
    }
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_of_the_root_leaves_the_gateways_own_paths_alone() {
    let mounted = Mounted::new(settings(Limits::default()), |mount| mount.path = "/").await;
    let stage = &mounted.stage;
    for path in ["/", "/sw.js", "/assets/1/app.js", "/healthy"] {
        assert_eq!(get(stage, path, &[]).await.json()["uri"], path);
    }
    assert_eq!(get(stage, "/health", &[]).await.body, "ok");
    assert_eq!(
        get(stage, "/api/v1/nothing", &[]).await.error(),
        json!("no_such_path")
    );
    for path in ["/api", "/api/v2/rooms", "/ws/x"] {
        assert_eq!(get(stage, path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(
        get(stage, "/ws", &[]).await.status,
        426,
        "it asks for no WebSocket"
    );
    let mut socket = Socket::connect(stage, "/ws").await;
    let pong = socket.call(1, "ping", json!({})).await;
    assert!(pong["ok"]["time"].is_string(), "{pong}");
    drop(socket);
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_checks_come_first() {
    let origin = "https://chat.example.org";
    let mounted = Mounted::new(
        Settings {
            allowed_origins: vec![AllowedOrigin::parse(origin).unwrap()],
            public_names: vec!["chat.example.org".to_owned()],
            body_bytes_max: 100,
            ..settings(Limits::default())
        },
        |_| {},
    )
    .await;
    let stage = &mounted.stage;
    let foreign = get(stage, "/door/a", &["origin: https://evil.example"]).await;
    assert_eq!((foreign.status, foreign.error()), (403, json!("forbidden")));
    let large = post(stage, "/door/a", &[], &"x".repeat(101)).await;
    assert_eq!((large.status, large.error()), (413, json!("too_large")));
    let line = format!("origin: {origin}");
    let allowed = get(stage, "/door/a", &[&line]).await;
    let header = format!("access-control-allow-origin: {origin}");
    assert!(allowed.status == 200 && allowed.head.contains(&header));
    let preflight = [line.as_str(), "access-control-request-method: DELETE"];
    let preflight = request(stage, "OPTIONS /door/a", &preflight, "").await;
    assert_eq!(preflight.status, 204);
    assert!(preflight.head.contains(&header) && preflight.head.contains("delete"));
    stage.health.drain();
    let late = get(stage, "/door/a", &[]).await;
    assert_eq!((late.status, late.error()), (503, json!("draining")));
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_and_an_impossible_status_cost_one_request() {
    let mounted = Mounted::plain().await;
    for path in ["/door/panic", "/door/continue"] {
        let failed = get(&mounted.stage, path, &[]).await;
        assert_eq!((failed.status, failed.error()), (500, json!("internal")));
    }
    assert_eq!(get(&mounted.stage, "/door/a", &[]).await.status, 200);
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_polls_take_no_place_of_the_api_and_have_a_limit_of_their_own() {
    let one_request = Settings {
        requests_max: 1,
        ..settings(Limits::default())
    };
    let mounted = Mounted::new(one_request, |mount| mount.at_once = 2).await;
    let stage = &mounted.stage;
    let polls =
        async { tokio::join!(get(stage, "/door/poll", &[]), get(stage, "/door/poll", &[])) };
    let others = async {
        mounted.polls(2).await;
        let me = get(stage, "/api/v1/me", &["authorization: Bearer ann"]).await;
        assert_eq!(me.status, 200);
        let third = get(stage, "/door/poll", &[]).await;
        assert_eq!((third.status, third.error()), (503, json!("overloaded")));
        mounted.released.add_permits(2);
    };
    let ((first, second), ()) = tokio::join!(polls, others);
    assert_eq!(
        (first.body, second.body),
        ("polled".to_owned(), "polled".to_owned())
    );
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_does_not_come_is_given_up() {
    let soon = Duration::from_millis(50);
    let mounted = Mounted::new(settings(Limits::default()), |mount| mount.within = soon).await;
    let late = get(&mounted.stage, "/door/poll", &[]).await;
    assert_eq!((late.status, late.error()), (504, json!("outcome_unknown")));
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_carries_messages_both_ways() {
    let mounted = Mounted::plain().await;
    let plain = get(&mounted.stage, "/door/echo", &[]).await;
    assert_eq!((plain.status, plain.body.as_str()), (400, "no WebSocket"));
    let mut socket = Socket::connect(&mounted.stage, "/door/echo").await;
    socket.send("hello").await;
    assert_eq!(socket.text().await, "hello");
    let long = "x".repeat(60_000);
    socket.send(long.clone()).await;
    assert_eq!(socket.text().await, long);
    socket.send("close").await;
    let Message::Close(Some(frame)) = socket.next().await else {
        panic!("a close frame");
    };
    assert_eq!(
        (u16::from(frame.code), frame.reason.as_str()),
        (4000, "as you wish")
    );
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_big_ends_a_websocket() {
    let mounted = Mounted::plain().await;
    let mut socket = Socket::connect(&mounted.stage, "/door/echo").await;
    socket
        .send("x".repeat(Limits::default().frame_bytes + 1))
        .await;
    assert_eq!(socket.closed().await, 1009);
    mounted.stage.ends().await;
}

/// Opens a WebSocket, writes these bytes, then others again and again until it ends, and returns the code of its
/// end.
async fn ended_after(mounted: &Mounted, first: &[u8], again: &[u8]) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let stream = tokio::net::TcpStream::connect(mounted.stage.address);
    let (mut input, mut output) = stream.await.unwrap().into_split();
    let handshake = "GET /door/echo HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    output.write_all(handshake.as_bytes()).await.unwrap();
    output.write_all(first).await.unwrap();
    let flooding = async {
        loop {
            if again.is_empty() || output.write_all(again).await.is_err() {
                return std::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
        }
    };
    let mut received = Vec::new();
    let reading = async {
        // A reset, too, ends it.
        let _ = input.read_to_end(&mut received).await;
    };
    let reading = async {
        tokio::select! {
            () = flooding => {}
            () = reading => {}
        }
    };
    tokio::time::timeout(LIMIT, reading).await.expect("it ends");
    let close = received.windows(4).rfind(|bytes| bytes[0] == 0x88);
    let close = close.unwrap_or_else(|| panic!("no close frame: {received:?}"));
    u16::from_be_bytes([close[2], close[3]])
}

#[tokio::test(flavor = "multi_thread")]
async fn control_frames_and_small_fragments_are_charged_as_at_ws() {
    let limited = Settings::default();
    let mounted = Mounted::new(limited, |_| {}).await;
    let opening = [0x01, 0x81, 0, 0, 0, 0, b'x'];
    for (first, again) in [
        (&[][..], &[0x89, 0x80, 0, 0, 0, 0][..]),
        (&[][..], &[0x8a, 0x80, 0, 0, 0, 0][..]),
        (&opening[..], &[0x00, 0x80, 0, 0, 0, 0][..]),
    ] {
        assert_eq!(ended_after(&mounted, first, again).await, 4508, "{again:?}");
    }
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_finished_in_time_ends_a_websocket() {
    let limits = Limits {
        message_within: Duration::from_millis(100),
        ..Limits::default()
    };
    let mounted = Mounted::new(settings(limits), |_| {}).await;
    let opening = [0x01, 0x81, 0, 0, 0, 0, b'x'];
    assert_eq!(ended_after(&mounted, &opening, &[]).await, 4003);
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_is_given_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mounted = Mounted::new(
        settings(Limits {
            ping_every: Duration::from_millis(50),
            pong_within: Duration::from_millis(50),
            ..Limits::default()
        }),
        |_| {},
    )
    .await;
    let mut silent = tokio::net::TcpStream::connect(mounted.stage.address)
        .await
        .unwrap();
    let handshake = "GET /door/echo HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    silent.write_all(handshake.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let ended = tokio::time::timeout(LIMIT, silent.read_to_end(&mut received)).await;
    ended.expect("the connection ends").unwrap();
    assert!(received.ends_with(&[0x89, 0]), "a ping came: {received:?}");
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_only_so_many_websockets() {
    let mounted = Mounted::new(
        settings(Limits {
            connections_per_address: 1,
            ..Limits::default()
        }),
        |_| {},
    )
    .await;
    let socket = Socket::connect(&mounted.stage, "/door/echo").await;
    let handshake = [
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "connection: upgrade, close",
    ];
    let refused = get(&mounted.stage, "/door/echo", &handshake).await;
    assert_eq!(
        (refused.status, refused.error()),
        (429, json!("rate_limited"))
    );
    drop(socket);
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_translates_another_protocol() {
    let mounted = Mounted::plain().await;
    let mut socket = Socket::connect(&mounted.stage, "/door/words").await;
    socket.send("ann").await;
    assert_eq!(socket.text().await, "ann");
    assert_eq!(mounted.stage.gateway.connections(), 1);
    drop(socket);
    mounted.stage.ends().await;
}
