//! A follower against logs that a test writes by hand, with a database of its own.

mod logs;
mod recorder;

use super::{Engine, FollowerStatus, Inbox, Source};
use crate::cx::{Cx, Parts};
use crate::places::Rates;
use crate::push::{Push, PushError, PushTarget};
use crate::schema;
use bus::SystemClock;
use logs::{Logs, Reader};
use recorder::{Applied, Poison, Recorder, Shared, applied, told};
use rooms::api::{FollowLog, Heads, Kind, Seq};
use serde_json::value::RawValue;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::Migrations;
use storage::kit::{Place, Store};
use tempfile::TempDir;
use tokio::sync::Semaphore;

const PATIENCE: Duration = Duration::from_secs(60);

/// A follower that has been started, and what surrounds it.
struct World {
    store: Store,
    logs: Arc<Logs>,
    inbox: Arc<Inbox>,
    status: Arc<FollowerStatus>,
    shared: Arc<Shared>,
    _folder: TempDir,
}

struct NoPush;

impl Push for NoPush {
    fn push(&self, _: PushTarget, _: &str, _: Box<RawValue>) -> Result<(), PushError> {
        Err(PushError::Overloaded)
    }
}

impl World {
    /// Returns a store whose epoch is `one`, without rooms. The follower does not run yet.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let logs = Arc::new(Logs::default());
        logs.replace("one");
        let place = Place::new().await;
        let own = recorder::migrations(&folder);
        let config = place.extension("tally", Migrations::Joined(vec![schema::all(None), own]));
        let reader = Arc::new(Reader(Arc::clone(&logs)));
        let wire = |builder: &mut bus::Builder, _: &storage::Database| {
            builder
                .reads::<Heads, _>("rooms", 4, Arc::clone(&reader))
                .reads::<FollowLog, _>("rooms", 4, reader)
                .asks::<Heads>()
                .asks::<FollowLog>();
        };
        let store = Store::at(place, |one, _| *one = config, wire).await;
        let inbox = Arc::new(Inbox::default());
        Self {
            store,
            logs,
            status: Arc::new(FollowerStatus::new("tally", &inbox)),
            inbox,
            shared: Arc::default(),
            _folder: folder,
        }
    }

    fn start<const NOW: bool>(&self) {
        let cx = Cx::new(Parts {
            name: "tally",
            settings: None,
            database: Some(self.store.database().clone()),
            bus: self.store.bus().clone(),
            rates: Rates::new(),
            clock: Arc::new(SystemClock::new()),
            #[cfg(feature = "testing")]
            faults: crate::Faults::default(),
            push: Arc::new(NoPush),
        });
        let logs = Arc::clone(&self.logs);
        let source = Source {
            epoch: Arc::new(move || logs.epoch()),
            reading: Arc::new(Semaphore::new(1)),
        };
        let follower = Arc::new(Recorder::<NOW>(Arc::clone(&self.shared)));
        let (inbox, status) = (Arc::clone(&self.inbox), Arc::clone(&self.status));
        let engine = Engine::new((follower, cx), source, inbox, status);
        let tasks = self.store.tasks();
        let running = engine.run(tasks.clone());
        tasks.once("tally", "follower", async { drop(running.await) });
    }

    /// Writes entries to the log and lets the follower hear of them.
    fn say(&self, id: i64, key: &str, seqs: RangeInclusive<Seq>) {
        self.logs.write(id, key, Kind::Public, *seqs.end());
        self.inbox.add(&[self.logs.heard(id, seqs)], 7);
    }

    async fn applied(&self, room: i64) -> Vec<Applied> {
        applied(self.store.database(), room).await
    }

    async fn seqs(&self, room: i64) -> Vec<Seq> {
        let applied = self.applied(room).await;
        applied.iter().map(|(seq, ..)| *seq).collect()
    }

    /// Waits until exactly these entries of a room are applied.
    async fn reaches(&self, room: i64, seqs: RangeInclusive<Seq>) {
        let wanted: Vec<Seq> = seqs.collect();
        let began = Instant::now();
        loop {
            let found = self.seqs(room).await;
            if found == wanted {
                return;
            }
            let trouble = self.status.trouble();
            assert!(
                began.elapsed() < PATIENCE,
                "{found:?} of room {room} are applied, not {wanted:?}; trouble: {trouble:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the trouble satisfies this.
    async fn trouble(&self, is_expected: impl Fn(Option<&str>) -> bool) {
        let began = Instant::now();
        while !is_expected(self.status.trouble().as_deref()) {
            let trouble = self.status.trouble();
            assert!(began.elapsed() < PATIENCE, "{trouble:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn behind(&self) -> i64 {
        self.status.json()["behind"].as_i64().unwrap()
    }
}

macro_rules! test {
    ($(async fn $name:ident($world:ident: World) $body:block)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $world = World::new().await;
            $body
            $world.store.close().await;
        }
    )+};
}

test! {
    async fn logs_are_read_and_what_is_heard_is_not_read_again(world: World) {
        world.logs.write(1, "lounge", Kind::Public, 1_200);
        world.logs.write(2, "~den", Kind::Private, 3);
        world.start::<false>();
        world.reaches(1, 1..=1_200).await;
        world.reaches(2, 1..=3).await;
        assert_eq!(world.applied(2).await[0], (1, false, false));
        let read = world.logs.pages_read();
        world.say(1, "lounge", 1_201..=1_203);
        world.reaches(1, 1..=1_203).await;
        assert_eq!(world.applied(1).await[1_200..], [1_201, 1_202, 1_203].map(|seq| (seq, true, true)));
        assert_eq!(world.logs.pages_read(), read);
        assert_eq!(world.behind(), 0);
    }

    async fn a_tail_that_was_missed_is_read_with_what_was_heard(world: World) {
        world.say(1, "lounge", 1..=5);
        world.logs.write(1, "lounge", Kind::Public, 8);
        world.start::<false>();
        world.reaches(1, 1..=8).await;
        let heard: Vec<bool> = world.applied(1).await.iter().map(|(.., heard)| *heard).collect();
        assert_eq!(heard, [true, true, true, true, true, false, false, false]);
        // A gap within what was heard.
        world.say(1, "lounge", 9..=10);
        world.say(1, "lounge", 14..=15);
        world.reaches(1, 1..=15).await;
    }

    async fn nothing_of_another_store_is_applied_to_this_one(world: World) {
        world.logs.write(1, "lounge", Kind::Public, 50);
        world.start::<false>();
        world.reaches(1, 1..=50).await;
        let heard_late = world.logs.heard(1, 51..=60);
        let forgotten_late = world.logs.forget(1, 40);
        world.logs.replace("two");
        world.logs.write(1, "attic", Kind::Public, 70);
        world.logs.write(2, "lounge", Kind::Public, 5);
        world.inbox.add(&[heard_late], 7);
        world.inbox.forget(&forgotten_late, 40);
        world.inbox.request_rescan();
        world.reaches(1, 1..=70).await;
        world.reaches(2, 1..=5).await;
        assert!(world.applied(1).await.iter().all(|(.., heard)| !heard));
        assert_eq!(told(world.store.database()).await, []);
        // An event of the old store that comes still later.
        world.logs.write(1, "attic", Kind::Public, 80);
        world.inbox.add(&[world.logs.heard(1, 71..=80)], 7);
        world.reaches(1, 1..=80).await;
        assert!(world.applied(1).await.iter().all(|(.., heard)| !heard));
    }

    async fn a_log_that_got_shorter_is_followed_anew(world: World) {
        world.logs.write(1, "lounge", Kind::Public, 50);
        world.start::<false>();
        world.reaches(1, 1..=50).await;
        world.logs.write(1, "lounge", Kind::Public, 9);
        world.inbox.request_rescan();
        world.reaches(1, 1..=9).await;
        assert_eq!(*world.shared.resets.lock(), 2);
    }

    async fn retention_is_told_once_and_nothing_below_it_is_applied_later(world: World) {
        world.logs.write(1, "lounge", Kind::Public, 10);
        world.logs.write(2, "~den", Kind::Private, 10);
        world.start::<false>();
        world.reaches(1, 1..=10).await;
        world.logs.write(1, "lounge", Kind::Public, 30);
        let room = world.logs.forget(1, 21);
        world.inbox.forget(&room, 21);
        world.inbox.add(&[world.logs.heard(1, 11..=30)], 7);
        world.reaches(2, 1..=10).await;
        world.logs.forget(2, 4);
        world.inbox.request_rescan();
        let began = Instant::now();
        while told(world.store.database()).await.len() < 2 {
            assert!(began.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for _ in 0..2 {
            world.inbox.forget(&room, 21);
            world.inbox.request_rescan();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let told = told(world.store.database()).await;
        assert_eq!(told, [(1, 21, "a title".to_owned()), (2, 4, String::new())]);
        let seqs = world.seqs(1).await;
        let expected: Vec<Seq> = (1..=10).chain(21..=30).collect();
        assert_eq!(seqs, expected, "what was heard before it was deleted is left out too");
    }

    async fn retention_that_overtakes_the_cursor_leaves_a_gap(world: World) {
        world.logs.write(1, "lounge", Kind::Public, 600);
        world.logs.forget(1, 590);
        world.start::<false>();
        world.reaches(1, 590..=600).await;
        assert_eq!(told(world.store.database()).await, [(1, 590, "a title".to_owned())]);
    }

    async fn one_that_begins_now_leaves_out_everything_so_far(world: World) {
        world.logs.write(1, "lounge", Kind::Public, 50);
        world.logs.forget(1, 20);
        for id in 2..=1_500 {
            world.logs.write(id, &format!("room{id}"), Kind::Public, 1);
        }
        // In the middle of the beginning.
        world.logs.fail_after_heads(1);
        world.start::<true>();
        world.trouble(|trouble| trouble.is_some()).await;
        world.trouble(|trouble| trouble.is_none()).await;
        assert_eq!(*world.shared.resets.lock(), 2);
        world.say(1, "lounge", 51..=52);
        world.say(2_000, "new", 1..=2);
        world.reaches(1, 51..=52).await;
        world.reaches(2_000, 1..=2).await;
        assert!(world.seqs(7).await.is_empty());
        assert_eq!(told(world.store.database()).await, [], "that was before");
        assert_eq!(world.logs.pages_read(), 0, "nothing had to be read");
    }

    async fn an_entry_that_cannot_be_acted_on_is_named_and_holds_up_only_what_follows(world: World) {
        for poison in [Poison::Fails, Poison::Panics] {
            *world.shared.poison.lock() = Some((33, poison));
            world.logs.replace(&format!("{poison:?}"));
            world.logs.write(1, "lounge", Kind::Public, 40);
            if matches!(poison, Poison::Fails) {
                world.start::<false>();
            } else {
                world.inbox.request_rescan();
            }
            world.reaches(1, 1..=32).await;
            world.trouble(|trouble| trouble.is_some_and(|text| text.contains("it is poison"))).await;
            if matches!(poison, Poison::Fails) {
                world.trouble(|trouble| {
                    trouble == Some("in room lounge, entries 33 to 33: it is poison")
                }).await;
            }
            world.inbox.add(&[world.logs.heard(1, 39..=40)], 7);
            assert!(world.behind() >= 8, "{}", world.behind());
            *world.shared.poison.lock() = None;
            world.reaches(1, 1..=40).await;
            world.trouble(|trouble| trouble.is_none()).await;
        }
    }
}
