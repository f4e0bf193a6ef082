//! People who chat at an even pace, and the duration of each send.

use crate::jwt::Claims;
use crate::raw::Raw;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Interval between two messages of one person.
const PAUSE: Duration = Duration::from_secs(1);
/// A reply that takes longer counts as this long.
const PATIENCE: Duration = Duration::from_secs(10);
/// People in each room.
const ROOM: usize = 10;

/// People who are chatting.
pub(crate) struct People {
    stop: Arc<AtomicBool>,
    talking: JoinSet<Vec<Duration>>,
}

impl People {
    /// Connects this many people; each sends a message every second from then on.
    pub(crate) async fn gather(address: SocketAddr, count: usize) -> Self {
        let mut entered = Vec::new();
        for number in 0..count {
            entered.push(enter(address, number).await);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut talking = JoinSet::new();
        for (number, person) in entered.into_iter().enumerate() {
            let first = Instant::now() + share(number, count);
            talking.spawn(talk(person, room(number), first, Arc::clone(&stop)));
        }
        Self { stop, talking }
    }

    /// Returns the duration of each send.
    pub(crate) async fn finish(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.talking
            .join_all()
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Returns when this person first sends, so that they send one after another.
fn share(number: usize, count: usize) -> Duration {
    let small = |number| u32::try_from(number).expect("a crowd is counted in hundreds");
    PAUSE * small(number) / small(count)
}

fn room(number: usize) -> String {
    format!("room-{}", number / ROOM)
}

async fn enter(address: SocketAddr, number: usize) -> Raw {
    let name = format!("person-{number}");
    let mut raw = Raw::connect(address).await.expect("the server accepts");
    raw.upgrade().await.expect("the server upgrades");
    let jwt = Claims::of(&name, &name, 3600).jwt();
    ask(&mut raw, 1, "hello", json!({"jwt": jwt})).await;
    if number.is_multiple_of(ROOM) {
        let create = json!({"name": room(number), "kind": "public"});
        ask(&mut raw, 2, "room.create", create).await;
    }
    ask(&mut raw, 3, "join", json!({"room": room(number)})).await;
    raw
}

async fn ask(raw: &mut Raw, id: u64, op: &str, d: Value) {
    let command = json!({"id": id, "op": op, "d": d});
    raw.say(&command).await.expect("the server reads");
    let reply = raw.reply(id).await.expect("the server replies");
    assert!(reply["ok"].is_object(), "{op}: {reply}");
}

async fn talk(mut raw: Raw, room: String, first: Instant, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let (mut took, mut next) = (Vec::new(), first);
    for id in 10.. {
        sleep_until(next).await;
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        let cid = format!("{:032x}", rand::random::<u128>());
        let send = json!({"room": room, "cid": cid, "body": "how do you do"});
        let command = json!({"id": id, "op": "send", "d": send});
        raw.say(&command).await.expect("the server reads");
        let reply = timeout(PATIENCE, raw.reply(id)).await;
        took.push(began.elapsed());
        let Ok(reply) = reply else {
            // Anything that this connection sent now would queue behind it.
            break;
        };
        let reply = reply.expect("the server keeps users connected");
        assert!(reply["ok"].is_object(), "{reply}");
        next = (next + PAUSE).max(Instant::now());
    }
    took
}
