//! The guarantees of `Tasks`, tested through its public API.

use bus::{Task, TaskState, Tasks};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const SECOND: Duration = Duration::from_secs(1);

fn tasks() -> Tasks {
    Tasks::new(CancellationToken::new())
}

/// A shared counter.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl Counter {
    fn add(&self) -> u64 {
        self.0.fetch_add(1, SeqCst) + 1
    }
    fn value(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

async fn end(tasks: &Tasks) {
    assert_eq!(tasks.stop(SECOND).await, Vec::<String>::new());
    assert!(tasks.list().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_list_names_every_task_oldest_first_and_forgets_those_that_ended() {
    let tasks = tasks();
    tasks.once("gateway", "socket", std::future::pending());
    tokio::time::advance(SECOND).await;
    tasks.delayed(
        "rooms",
        format!("sweep {}", 7),
        SECOND * 9,
        std::future::pending(),
    );
    let brief = tasks.once("storage", "job", async {});
    tokio::task::yield_now().await;
    let list = tasks.list();
    let lines: Vec<_> = list
        .iter()
        .map(|line| (line.owner, &*line.name, line.state))
        .collect();
    let expected = [
        ("gateway", "socket", TaskState::Running),
        ("rooms", "sweep 7", TaskState::Waiting),
    ];
    assert_eq!(lines, expected);
    assert_eq!((list[0].age, list[1].age), (SECOND, Duration::ZERO));
    brief.ended().await;
    end(&tasks).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_caught_and_ends_only_its_task() {
    let tasks = tasks();
    let survivor = tasks.once("test", "survivor", std::future::pending());
    tasks
        .once("test", "faller", async { panic!("on purpose") })
        .ended()
        .await;
    assert_eq!(tasks.list().len(), 1);
    assert!(!tasks.stopping().is_cancelled());
    survivor.cancel();
    survivor.ended().await;
    end(&tasks).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_the_failure_and_the_panic_of_an_essential_task_start_the_shutdown() {
    let ways: [fn(&Tasks) -> Task; 3] = [
        |tasks| tasks.essential("test", "ends", async { Ok(()) }),
        |tasks| tasks.essential("test", "fails", async { anyhow::bail!("on purpose") }),
        |tasks| tasks.essential("test", "panics", async { panic!("on purpose") }),
    ];
    for way in ways {
        let tasks = tasks();
        way(&tasks).ended().await;
        assert!(tasks.stopping().is_cancelled());
        end(&tasks).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_essential_task_starts_the_shutdown_too() {
    let tasks = tasks();
    let task = tasks.essential("test", "heart", std::future::pending());
    task.cancel();
    task.ended().await;
    assert!(tasks.stopping().is_cancelled());
    end(&tasks).await;
}

#[tokio::test(start_paused = true)]
async fn a_restarting_task_comes_back_with_growing_pauses_until_it_ends_well() {
    let (tasks, runs) = (tasks(), Counter::default());
    let counted = runs.clone();
    let began = Instant::now();
    let task = tasks.restarting("test", "trier", move || {
        let run = counted.add();
        async move {
            match run {
                1 => panic!("on purpose"),
                2..8 => anyhow::bail!("failure {run}"),
                _ => Ok(()),
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(110)).await;
    let line = tasks.list().remove(0);
    assert_eq!(
        (line.restarts, line.last_error.as_deref()),
        (1, Some("failure 2"))
    );
    assert_eq!(line.state, TaskState::Waiting);
    task.ended().await;
    assert_eq!(runs.value(), 8);
    assert_eq!(tasks.restarts()["test"], 7, "counted though it has ended");
    // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 5 s, each at least half of it.
    let took = began.elapsed().as_secs_f64();
    assert!((5.65..=11.4).contains(&took), "{took}");
    end(&tasks).await;
}

#[tokio::test(start_paused = true)]
async fn a_periodic_task_keeps_its_pace_within_its_jitter_whatever_fails() {
    let (tasks, runs) = (tasks(), Counter::default());
    let counted = runs.clone();
    let task = tasks.periodic("test", "ticker", SECOND * 10, 0.1, move || {
        let run = counted.add();
        async move {
            match run {
                2 => panic!("on purpose"),
                3 => anyhow::bail!("on purpose"),
                _ => Ok(()),
            }
        }
    });
    tokio::time::sleep(SECOND * 8).await;
    assert_eq!(runs.value(), 0, "the first call comes after a pause");
    tokio::time::sleep(SECOND * 103).await;
    // Ten calls take 90 to 110 s.
    assert!((10..=12).contains(&runs.value()), "{}", runs.value());
    assert_eq!(tasks.list()[0].last_error.as_deref(), Some("on purpose"));
    task.cancel();
    task.ended().await;
    end(&tasks).await;
}

#[tokio::test(start_paused = true)]
async fn a_delayed_task_begins_after_its_delay_unless_cancelled() {
    let (tasks, runs) = (tasks(), Counter::default());
    let delayed = |name: &'static str| {
        let counted = runs.clone();
        tasks.delayed("test", name, SECOND, async move { _ = counted.add() })
    };
    let (kept, cancelled) = (delayed("kept"), delayed("cancelled"));
    tokio::time::sleep(SECOND / 2).await;
    assert_eq!(runs.value(), 0);
    cancelled.cancel();
    cancelled.ended().await;
    kept.ended().await;
    assert_eq!(runs.value(), 1);
    end(&tasks).await;
}

#[tokio::test(start_paused = true)]
async fn stopping_the_timers_leaves_everything_else() {
    let tasks = tasks();
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (has_begun, may_go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
    tasks.periodic("test", "periodic", SECOND, 0.0, || async { Ok(()) });
    tasks.delayed("test", "waits", SECOND * 60, async {});
    let under_way = tasks.delayed("test", "under way", SECOND, async move {
        has_begun.notify_one();
        may_go_on.notified().await;
    });
    tasks.once("test", "socket", std::future::pending());
    begun.notified().await;
    tasks.stop_timers();
    tokio::time::sleep(SECOND).await;
    let left: Vec<_> = tasks.list().into_iter().map(|line| line.name).collect();
    assert_eq!(left, ["under way", "socket"]);
    go_on.notify_one();
    under_way.ended().await;
    end(&tasks).await;
}

/// Counts when it is dropped.
struct Dropped(Counter);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add();
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_has_dropped_everything_when_it_has_ended() {
    let (tasks, drops) = (tasks(), Counter::default());
    let (begun, never_begun) = (Dropped(drops.clone()), Dropped(drops.clone()));
    let first = tasks.once("test", "begun", async move {
        let _begun = begun;
        std::future::pending::<()>().await;
    });
    tokio::task::yield_now().await;
    let second = tasks.once("test", "never begun", async move { drop(never_begun) });
    first.cancel();
    second.cancel();
    first.ended().await;
    second.ended().await;
    assert_eq!(drops.value(), 2);
    end(&tasks).await;
}

/// Counts the live tasks as it is dropped.
struct LiveWhenDropped(Tasks, Counter);

impl Drop for LiveWhenDropped {
    fn drop(&mut self) {
        let live = self.0.list().len() as u64;
        self.1.0.store(live, SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_leaves_the_list_after_all_it_held_was_dropped() {
    for cancelled in [false, true] {
        let (tasks, live) = (tasks(), Counter::default());
        let held = LiveWhenDropped(tasks.clone(), live.clone());
        let task = tasks.once("test", "holder", async move {
            let _held = held;
            if cancelled {
                std::future::pending::<()>().await;
            }
            panic!("on purpose");
        });
        tokio::task::yield_now().await;
        task.cancel();
        task.ended().await;
        assert_eq!(live.value(), 1, "cancelled: {cancelled}");
        end(&tasks).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_names_those_that_do_not_end() {
    let tasks = tasks();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (held, begun) = std::sync::mpsc::channel();
    let stubborn = tasks.once("test", "stubborn", async move {
        held.send(()).expect("the test waits");
        // Never comes to an await: it blocks its thread.
        _ = released.recv();
    });
    tasks.once("test", "docile", std::future::pending());
    begun.recv().expect("it begins");
    assert_eq!(tasks.stop(SECOND / 10).await, ["test: stubborn"]);
    assert_eq!(tasks.list()[0].state, TaskState::Stopping);
    drop(release);
    stubborn.ended().await;
    end(&tasks).await;
}

#[tokio::test]
async fn tasks_on_another_runtime_are_in_the_same_list_and_end_with_their_runtime() {
    let elsewhere = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    let (tasks, here) = (tasks(), std::thread::current().id());
    let there = tasks.on(elsewhere.handle().clone());
    let (sender, threads) = std::sync::mpsc::channel();
    let own = sender.clone();
    let thread = |sender: std::sync::mpsc::Sender<_>| async move {
        sender
            .send(std::thread::current().id())
            .expect("the test waits");
    };
    there.once("test", "there", thread(own)).ended().await;
    tasks.once("test", "here", thread(sender)).ended().await;
    let threads: Vec<_> = threads.iter().map(|thread| thread == here).collect();
    assert_eq!(threads, [false, true]);

    let lasting = there.once("test", "lasting", std::future::pending());
    assert_eq!(tasks.list().len(), 1);
    elsewhere.shutdown_background();
    lasting.ended().await;
    there
        .once("test", "late", std::future::pending())
        .ended()
        .await;
    end(&tasks).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_after_the_stop() {
    let (tasks, runs) = (tasks(), Counter::default());
    end(&tasks).await;
    let counted = runs.clone();
    let late = tasks.once("test", "late", async move { _ = counted.add() });
    assert!(tasks.list().is_empty());
    late.cancel();
    late.ended().await;
    assert_eq!(runs.value(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_come_and_go() {
    let (tasks, runs) = (tasks(), Counter::default());
    for n in 0..10_000 {
        let counted = runs.clone();
        tasks.once("gateway", "connection", async move {
            counted.add();
            if n % 2 == 0 {
                std::future::pending::<()>().await;
            }
        });
    }
    tokio::time::timeout(SECOND * 60, async {
        while runs.value() < 10_000 || tasks.list().len() > 5_000 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("half of them stay");
    assert_eq!(tasks.stop(SECOND * 60).await, Vec::<String>::new());
    assert!(tasks.list().is_empty());
}
