//! Connections within the process, and pushes.

use crate::stage::{LIMIT, Outside, Stage, settings, user};
use gateway::{
    ForeignPushTarget, Limits, LocalConnection, LocalMessage, LocalOpenError, LocalSendError, Peer,
};
use rooms::api::RoomKey;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

async fn stage(limits: Limits) -> Stage {
    Stage::new(Outside {
        settings: settings(limits),
        ..Outside::default()
    })
    .await
}

fn network(last: u8) -> Peer {
    Peer::of([192, 0, 2, last].into())
}

async fn next(connection: &mut LocalConnection) -> LocalMessage {
    let next = timeout(LIMIT, connection.recv()).await.expect("a message");
    next.expect("an open connection")
}

async fn frame(connection: &mut LocalConnection) -> Value {
    match next(connection).await {
        LocalMessage::Text(text) => serde_json::from_str(&text).unwrap(),
        LocalMessage::Closed { code, reason } => panic!("closed: {code} {reason}"),
    }
}

/// Returns how the connection closes; frames before that are skipped.
async fn closed(connection: &mut LocalConnection) -> u16 {
    loop {
        if let LocalMessage::Closed { code, .. } = next(connection).await {
            assert_eq!(connection.recv().await, None);
            return code;
        }
    }
}

async fn call(connection: &mut LocalConnection, id: u64, op: &str, d: Value) -> Value {
    let text = json!({"id": id, "op": op, "d": d}).to_string();
    connection.send(&text).await.unwrap();
    loop {
        let frame = frame(connection).await;
        if frame["id"] == id {
            return frame;
        }
    }
}

async fn hello(stage: &Stage, name: &str) -> LocalConnection {
    let mut connection = stage.gateway.open(network(1)).unwrap();
    let d = json!({"guest": name, "subscribe": "all"});
    let hello = call(&mut connection, 0, "hello", d).await;
    assert_eq!(hello["ok"]["user"]["name"], name);
    assert_eq!(frame(&mut connection).await["ev"], "resumed");
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_the_protocol() {
    let stage = stage(Limits::default()).await;
    let mut ann = hello(&stage, "ann").await;
    assert_eq!(stage.gateway.connections(), 1);
    let ping = call(&mut ann, 1, "ping", json!({})).await;
    assert!(ping["ok"]["time"].is_string());
    ann.send("nonsense").await.unwrap();
    assert_eq!(frame(&mut ann).await["err"]["name"], "bad_frame");
    ann.close(1000);
    assert_eq!(ann.send("x").await, Err(LocalSendError::Closed));
    assert_eq!(closed(&mut ann).await, 1000);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_connection_of_the_same_tab_takes_it_over() {
    let stage = stage(Limits::default()).await;
    let mut old = hello(&stage, "ann").await;
    let new = hello(&stage, "ann").await;
    assert_eq!(closed(&mut old).await, 4503);
    drop(new);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_as_a_socket_of_its_network_until_it_is_dropped() {
    let stage = stage(Limits {
        connections_per_address: 2,
        ..Limits::default()
    })
    .await;
    let open = |last| stage.gateway.open(network(last));
    let connections = [open(1).unwrap(), open(1).unwrap()];
    assert_eq!(open(1).err(), Some(LocalOpenError::NetworkFull));
    assert!(open(2).is_ok(), "others are not concerned");
    drop(connections);
    let freed = async {
        while open(1).is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, freed).await.expect("the network has room");
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_too_long_is_refused_before_it_costs_the_connection() {
    let stage = stage(Limits::default()).await;
    let mut ann = hello(&stage, "ann").await;
    let max = Limits::default().frame_bytes;
    let long = ann.send(&"x".repeat(max + 1)).await;
    assert_eq!(long, Err(LocalSendError::TooLong { max }));
    // The longest one is longer than the pipe.
    ann.send(&"x".repeat(max)).await.unwrap();
    assert_eq!(frame(&mut ann).await["err"]["name"], "bad_frame");
    drop(ann);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_one_lives_whether_or_not_it_is_read() {
    let stage = stage(Limits {
        ping_every: Duration::from_millis(20),
        pong_within: Duration::from_millis(20),
        ..Limits::default()
    })
    .await;
    let mut ann = hello(&stage, "ann").await;
    // Ten times what a silent client over TCP has.
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(frame(&mut ann).await["ev"], "ping");
    let ping = call(&mut ann, 1, "ping", json!({})).await;
    assert!(ping["ok"].is_object());
    drop(ann);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_hello_it_is_closed() {
    let stage = stage(Limits {
        hello_within: Duration::from_millis(20),
        ..Limits::default()
    })
    .await;
    let mut silent = stage.gateway.open(network(1)).unwrap();
    assert_eq!(closed(&mut silent).await, 4501);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_receive_is_closed_as_any_slow_client() {
    let stage = stage(Limits {
        egress_age: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let mut ann = hello(&stage, "ann").await;
    let flood = async {
        for id in 1.. {
            let ping = json!({"id": id, "op": "ping"}).to_string();
            if ann.send(&ping).await.is_err() {
                return;
            }
        }
    };
    // Replies that nobody takes fill the pipe; then the server reads no more, and the sender waits.
    let blocked = timeout(Duration::from_secs(1), flood).await;
    drop(blocked);
    assert_eq!(closed(&mut ann).await, 4008);
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_halves_work_at_the_same_time() {
    const PINGS: u64 = 5_000;
    let stage = stage(Limits::default()).await;
    let (mut sender, mut receiver) = hello(&stage, "ann").await.split();
    let sending = async {
        for id in 1..=PINGS {
            let ping = json!({"id": id, "op": "ping"}).to_string();
            sender.send(&ping).await.unwrap();
        }
    };
    let receiving = async {
        let mut replies = 0;
        while replies < PINGS {
            match receiver.recv().await {
                Some(LocalMessage::Text(text)) => replies += u64::from(text.contains("\"ok\"")),
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(LIMIT, async { tokio::join!(sending, receiving) })
        .await
        .expect("neither waits for ever");
    drop(receiver);
    let gone = timeout(LIMIT, sender.send("x")).await.unwrap();
    assert_eq!(gone, Err(LocalSendError::Closed));
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_server_says_goodbye() {
    let stage = stage(Limits::default()).await;
    let mut ann = hello(&stage, "ann").await;
    let stopping = async {
        assert_eq!(stage.gateway.finish_commands(LIMIT).await, 0);
        stage.gateway.say_goodbye(LIMIT).await
    };
    let leaving = async {
        let bye = frame(&mut ann).await;
        assert_eq!(bye["ev"], "bye");
        assert!(bye["d"]["reconnect_after_ms"].is_u64());
        closed(&mut ann).await
    };
    let (cut, code) = tokio::join!(stopping, leaving);
    assert_eq!((cut, code), (0, 1012));
    let late = stage.gateway.open(network(1));
    assert_eq!(late.err(), Some(LocalOpenError::Draining));
    stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_from_outside_reach_those_they_are_for() {
    let stage = stage(Limits::default()).await;
    let mut ann = hello(&stage, "ann").await;
    let mut bob = hello(&stage, "bob").await;
    let push = |to, n: u64| {
        let body = to_raw_value(&json!({ "n": n })).unwrap();
        stage.gateway.push(to, "x.karma.changed", &body).unwrap();
    };
    push(ForeignPushTarget::User(user("ann").id), 1);
    push(ForeignPushTarget::Room(RoomKey("general".into())), 2);
    let own = json!({"ev": "x.karma.changed", "d": {"n": 1}});
    let room = json!({"ev": "x.karma.changed", "room": "general", "d": {"n": 2}});
    assert_eq!(frame(&mut ann).await, own);
    assert_eq!(frame(&mut ann).await, room);
    assert_eq!(frame(&mut bob).await, room);
    drop((ann, bob));
    stage.ends().await;
}
