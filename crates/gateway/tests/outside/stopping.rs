//! What a stop of the server means for those outside.

use crate::client::{Socket, get};
use crate::mounts::Mounted;
use crate::stage::{LIMIT, settings};
use gateway::Limits;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

async fn mounted() -> Mounted {
    Mounted::new(settings(Limits::default()), |_| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_within_a_second_or_two() {
    let mut mounted = mounted().await;
    let address = mounted.stage.address;
    let poll = crate::client::exchange(address, "GET /door/poll", &[], "");
    let stopping = async {
        mounted.polls(1).await;
        let began = Instant::now();
        mounted.stage.close_listener().await;
        began
    };
    let (answer, began) = tokio::join!(poll, stopping);
    assert_eq!((answer.status, answer.error()), (503, json!("draining")));
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_passes_the_goodbye_on() {
    let mut mounted = mounted().await;
    let mut socket = Socket::connect(&mounted.stage, "/door/words").await;
    socket.send("ann").await;
    assert_eq!(socket.text().await, "ann");
    mounted.stage.close_listener().await;
    let gateway = mounted.stage.gateway.clone();
    let stopping = async {
        gateway.finish_commands(LIMIT).await;
        gateway.say_goodbye(LIMIT).await
    };
    let leaving = async {
        assert_eq!(socket.text().await, "bye");
        socket.closed().await
    };
    let (cut, code) = tokio::join!(stopping, leaving);
    assert_eq!((cut, code), (0, 1012));
    mounted.stage.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_whose_mount_does_nothing_is_closed_by_the_gateway() {
    let mut mounted = mounted().await;
    let mut socket = Socket::connect(&mounted.stage, "/door/echo").await;
    assert_eq!(get(&mounted.stage, "/door/a", &[]).await.status, 200);
    mounted.stage.close_listener().await;
    let gateway = mounted.stage.gateway.clone();
    let (cut, code) = tokio::join!(gateway.say_goodbye(LIMIT), socket.closed());
    assert_eq!((cut, code), (0, 1012));
    mounted.stage.ends().await;
}
