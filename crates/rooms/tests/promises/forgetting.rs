//! Retention deletes entries that are too old, unless the clock cannot be trusted.

use crate::items::{item, message};
use crate::server::{TestClock, TestServer, now, uptime};
use rooms::api::RoomKey;
use rooms::{Deps, Settings};
use sessions::api::Caller;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).expect("it is short")
}

fn keeping(days: u32, run_max: usize) -> Settings {
    Settings {
        retention: DAY * days,
        retention_run_max: run_max,
        ..Settings::default()
    }
}

/// The dependencies of a second node on this store, with other settings.
fn deps_with(server: &TestServer, settings: Settings) -> Deps {
    Deps::new(server.store.database().clone(), settings)
}

async fn chat(server: &TestServer, who: &Caller, room: &RoomKey, messages: usize) {
    for first in (0..messages).step_by(100) {
        let cids: Vec<String> = (first..messages.min(first + 100))
            .map(|n| format!("m{n}"))
            .collect();
        let items = cids.iter().map(|cid| item(who, room, message(cid, "x")));
        let sent = server.append(items.collect()).await;
        assert!(sent.iter().all(Result::is_ok));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_deletes_nothing_until_it_has_run_steadily() {
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    static UP_S: AtomicU64 = AtomicU64::new(0);
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    chat(&server, &ann, &room, 250).await;

    let deps = deps_with(&server, keeping(30, 200_000)).with_clock(TestClock(
        || now() + AHEAD.load(Ordering::Relaxed),
        || Duration::from_secs(UP_S.load(Ordering::Relaxed)),
    ));
    rooms::create_general(&deps).await.expect("it is there");
    AHEAD.store(ms(60 * DAY), Ordering::Relaxed);
    for _ in 0..3 {
        rooms::forget(&deps).await.expect("a run");
    }
    assert_eq!(
        server.log(&room).await.len(),
        251,
        "the clock is not trusted"
    );
    // The clock now runs as steadily as the uptime, as after a long time without a server.
    let mut hours = 0;
    while server.log(&room).await.len() > 1 {
        assert!(hours < 25, "the clock is trusted after a day");
        hours += 1;
        AHEAD.fetch_add(ms(HOUR), Ordering::Relaxed);
        UP_S.fetch_add(HOUR.as_secs(), Ordering::Relaxed);
        rooms::forget(&deps).await.expect("a run");
    }
    assert_eq!(hours, 24);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_at_its_limit_and_the_next_one_continues() {
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let mut rooms = Vec::new();
    for name in ["a", "b"] {
        let room = server.public(&ann, name).await;
        chat(&server, &ann, &room, 700).await;
        rooms.push(room);
    }
    let deps = deps_with(&server, keeping(1, 500))
        .with_clock(TestClock(|| now() + AHEAD.load(Ordering::Relaxed), uptime));
    // A jump that is still trusted, and beyond the retention.
    AHEAD.store(ms(DAY) + 1, Ordering::Relaxed);
    let left = async || {
        let mut left = 0;
        for room in &rooms {
            left += server.log(room).await.len();
        }
        left
    };
    let mut before = left().await;
    assert_eq!(before, 1_402);
    // The first run records the later time.
    AHEAD.store(ms(HOUR), Ordering::Relaxed);
    rooms::forget(&deps).await.expect("a run");
    assert_eq!(left().await, before, "nothing is too old");
    AHEAD.store(ms(DAY) + 1, Ordering::Relaxed);
    for _ in 0..2 {
        rooms::forget(&deps).await.expect("a run");
        let now = left().await;
        assert_eq!(before - now, 500);
        before = now;
    }
    rooms::forget(&deps).await.expect("a run");
    assert_eq!(left().await, 2, "each keeps its last entry");
    // A room that gets new entries is due again.
    chat_more(&server, &ann, &rooms[0]).await;
    rooms::forget(&deps).await.expect("a run");
    assert_eq!(server.log(&rooms[0]).await.len(), 1);
    server.close().await;
}

async fn chat_more(server: &TestServer, who: &Caller, room: &RoomKey) {
    for cid in ["later", "last"] {
        server.send(who, room, cid, "x").await.expect("sent");
    }
}
