//! Trials with too many people, and with people who have vanished.

use crate::client::LIMIT;
use crate::faults::report::{RECOVERY, Report, SLACK};
use crate::faults::scene::{Scene, Size};
use crate::link::Link;
use crate::server::Server;
use crate::settings::Settings;
use crate::store::Store;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Every third person vanishes behind a silent network, without the end of a connection; they
/// notice, reconnect when the network is back, and go on.
pub async fn half_open(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "every third client half open";
    let quick = Settings::default()
        .with("PARLOR_PING_EVERY_MS", "1000")
        .with("PARLOR_PONG_TIMEOUT_MS", "500")
        .with("PARLOR_EGRESS_AGE_MS", "1500");
    let server = store.serve(quick).await;
    let link = Link::to(server.address().port()).await;
    let mut scene = Scene::on(&store, &server, fault, size, Some(link.address())).await;
    let before = given_up(&server).await;
    scene.begins();
    link.silence();
    let end = Instant::now() + LIMIT;
    while given_up(&server).await <= before {
        assert!(
            Instant::now() < end,
            "it still holds the sockets of the dead"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(lasting.saturating_sub(scene.lasts())).await;
    link.open();
    scene.ends().await;
    let report = scene.close().await.kept_its_word();
    report.went_on().lost_some_connections()
}

/// Returns how many sockets were given up, after an unanswered ping or because nothing could be
/// written.
async fn given_up(server: &Server) -> f64 {
    let figures = server.scrape().await;
    figures.sum("parlor_sockets_closed_total", &[])
}

/// Most file descriptors of the server.
const DESCRIPTORS: u32 = 96;

/// More connections than the server has file descriptors: connected people stay and chat, newcomers
/// must wait.
pub async fn no_descriptors(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "file descriptors exhausted";
    let few = Settings::default().descriptors(DESCRIPTORS);
    let mut scene = Scene::open(&store, fault, size, few).await;
    let server = scene.server().clone();
    let flood = flood(server.address(), 2 * DESCRIPTORS);
    server.logged("cannot accept connections").await;
    scene.begins();
    tokio::time::sleep(lasting).await;
    drop(flood);
    scene.ends().await;
    newcomer(&server).await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.disturbed_nobody()
}

async fn newcomer(server: &Server) {
    let began = Instant::now();
    let client = server.try_connect(server.address()).await;
    assert!(client.is_some(), "newcomers cannot connect");
    assert!(
        began.elapsed() < RECOVERY + SLACK,
        "a newcomer connected too late"
    );
}

/// Opens silent connections and reopens each one that is closed.
fn flood(address: SocketAddr, count: u32) -> JoinSet<()> {
    let mut flood = JoinSet::new();
    for _ in 0..count {
        flood.spawn(async move {
            loop {
                if let Ok(mut stream) = TcpStream::connect(address).await {
                    let _ = stream.read(&mut [0; 64]).await;
                }
            }
        });
    }
    flood
}
