//! A command from outside, over sockets and HTTP.

use crate::client::{Socket, exchange, get, post, request};
use crate::stage::{LIMIT, Outside, Stage, settings};
use bus::TraceId;
use futures_util::future::BoxFuture;
use gateway::{
    AllowedOrigin, Cost, ForeignCall, ForeignInput, ForeignOp, ForeignRefusal, Limits, Settings,
};
use rooms::api::RoomKey;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use sessions::api::Caller;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Replies with who called with what, and with the number of calls that were running.
struct Echo {
    given: Value,
    running: Arc<AtomicUsize>,
}

impl ForeignCall for Echo {
    fn room(&self) -> Option<&RoomKey> {
        None
    }

    fn call(
        self: Box<Self>,
        caller: Caller,
        _: TraceId,
        within: Duration,
    ) -> BoxFuture<'static, Result<Box<RawValue>, ForeignRefusal>> {
        Box::pin(async move {
            assert!(within > Duration::ZERO);
            if self.given["poll"] == "none" {
                return Err(ForeignRefusal::NotFound(Some("No such poll.".to_owned())));
            }
            let running = self.running.fetch_add(1, Ordering::SeqCst);
            // The first one takes the longest, so that a later one could overtake it.
            let pause = self.given["pause_ms"].as_u64().unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            let ok = json!({"by": &*caller.user.name, "given": self.given, "running": running});
            Ok(to_raw_value(&ok).unwrap())
        })
    }
}

fn op(name: &'static str, writes: bool) -> ForeignOp {
    let running = Arc::new(AtomicUsize::new(0));
    ForeignOp {
        name,
        writes,
        cost: Cost::Other,
        read: Box::new(move |input| {
            let given = match input {
                ForeignInput::Json(Some(d)) => serde_json::from_str(d.get()).unwrap(),
                ForeignInput::Json(None) => Value::Null,
                ForeignInput::Query(query) => json!(query),
            };
            let running = Arc::clone(&running);
            Ok(Box::new(Echo { given, running }))
        }),
    }
}

fn ops() -> Vec<ForeignOp> {
    vec![
        op("x.karma.top", false),
        op("x.karma.give", true),
        op("search", false),
    ]
}

async fn stage() -> Stage {
    Stage::new(Outside {
        ops: ops(),
        settings: settings(Limits::default()),
        ..Outside::default()
    })
    .await
}

const ANN: &str = "authorization: Bearer ann";

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_runs_it_after_hello() {
    let stage = stage().await;
    let mut socket = Socket::connect(&stage, "/ws").await;
    let early = socket.call(1, "x.karma.top", json!({})).await;
    assert_eq!(early["err"]["name"], "unauthenticated");
    socket.call(2, "hello", json!({"guest": "ann"})).await;
    let top = socket.call(3, "x.karma.top", json!({"n": 1})).await;
    let expected = json!({"by": "ann", "given": {"n": 1}, "running": 0});
    assert_eq!(top["ok"], expected);
    let refused = socket.call(4, "x.karma.top", json!({"poll": "none"})).await;
    assert_eq!(refused["err"]["name"], "not_found");
    assert_eq!(refused["err"]["message"], "No such poll.");
    assert!(refused["err"]["trace"].is_string());
    let none = socket.call(5, "x.karma.none", json!({})).await;
    assert_eq!(none["err"]["name"], "unknown_op");
    drop(socket);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_one_connection_are_handled_one_after_another() {
    let stage = stage().await;
    let mut socket = Socket::connect(&stage, "/ws").await;
    socket.call(0, "hello", json!({"guest": "ann"})).await;
    for (op, overlap) in [("x.karma.give", false), ("x.karma.top", true)] {
        for id in 1..=4_u64 {
            let d = json!({"pause_ms": 40 - 10 * (id - 1)});
            let frame = json!({"id": id, "op": op, "d": d});
            socket.send(frame.to_string()).await;
        }
        let mut ids = Vec::new();
        let mut running = Vec::new();
        while ids.len() < 4 {
            let frame: Value = serde_json::from_str(&socket.text().await).unwrap();
            if let Some(id) = frame["id"].as_u64() {
                ids.push(id);
                running.push(frame["ok"]["running"].as_u64().unwrap());
            }
        }
        assert_eq!(running.iter().any(|n| *n > 0), overlap, "{op}: {running:?}");
        assert_eq!(ids == [1, 2, 3, 4], !overlap, "{op}: {ids:?}");
    }
    drop(socket);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_runs_it_with_query_or_body() {
    let stage = stage().await;
    let top = "/api/v1/x/karma/top";
    let got = get(&stage, &format!("{top}?room=general&n=1"), &[ANN]).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.json()["given"], "room=general&n=1");
    assert_eq!(got.json()["by"], "ann");
    let posted = post(&stage, "/api/v1/x/karma/give", &[ANN], r#"{"n":1}"#).await;
    assert_eq!(posted.json()["given"], json!({"n": 1}));
    let empty = post(&stage, top, &[ANN], "").await;
    assert_eq!(empty.json()["given"], Value::Null);
    let searched = get(&stage, "/api/v1/search?q=x", &[ANN]).await;
    assert_eq!(searched.json()["given"], "q=x");
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_refuses_what_is_wrong_as_for_other_commands() {
    let stage = stage().await;
    let (top, give) = ("/api/v1/x/karma/top", "/api/v1/x/karma/give");
    let anonymous = get(&stage, top, &[]).await;
    assert_eq!(
        (anonymous.status, anonymous.error()),
        (401, json!("unauthenticated"))
    );
    let ended = get(&stage, top, &["authorization: Bearer none"]).await;
    assert_eq!(
        (ended.status, ended.error()),
        (401, json!("bad_credentials"))
    );
    let written = get(&stage, give, &[ANN]).await;
    assert_eq!(
        (written.status, written.error()),
        (405, json!("method_not_allowed"))
    );
    assert!(written.head.contains("\r\nallow: post\r\n"), "{written:?}");
    let put = request(&stage, &format!("PUT {top}"), &[ANN], "").await;
    assert!(put.head.contains("\r\nallow: get, post\r\n"), "{put:?}");
    let listed = post(&stage, give, &[ANN], "[]").await;
    assert_eq!(
        (listed.status, &listed.json()["err"]["field"]),
        (400, &json!("body"))
    );
    let refused = post(&stage, top, &[ANN], r#"{"poll":"none"}"#).await;
    assert_eq!((refused.status, refused.error()), (404, json!("not_found")));
    let nothing = get(&stage, "/api/v1/x/karma/none", &[ANN]).await;
    assert_eq!(
        (nothing.status, nothing.error()),
        (404, json!("no_such_path"))
    );
    let foreign = get(&stage, top, &[ANN, "origin: https://evil.example"]).await;
    assert_eq!((foreign.status, foreign.error()), (403, json!("forbidden")));
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_page_may_use_it() {
    let origin = "https://chat.example.org";
    let stage = Stage::new(Outside {
        ops: ops(),
        settings: Settings {
            allowed_origins: vec![AllowedOrigin::parse(origin).unwrap()],
            ..settings(Limits::default())
        },
        ..Outside::default()
    })
    .await;
    let line = format!("origin: {origin}");
    let got = get(&stage, "/api/v1/x/karma/top", &[ANN, &line]).await;
    let allowed = format!("access-control-allow-origin: {origin}");
    assert!(got.status == 200 && got.head.contains(&allowed), "{got:?}");
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_it_by_its_name() {
    let stage = stage().await;
    get(&stage, "/api/v1/x/karma/top", &[ANN]).await;
    post(&stage, "/api/v1/x/karma/top", &[ANN], r#"{"poll":"none"}"#).await;
    let page = exchange(stage.operator, "GET /metrics", &[], "");
    let page = tokio::time::timeout(LIMIT, page).await.unwrap().body;
    for expected in [
        r#"commands_total{op="x.karma.top",outcome="ok"} 1"#,
        r#"commands_total{op="x.karma.top",outcome="not_found"} 1"#,
        r#"command_ack_seconds_count{op="x.karma.top"} 2"#,
        r#"commands_total{op="search",outcome="ok"} 0"#,
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    stage.ends().await;
}
