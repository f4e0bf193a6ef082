//! The operator's listener.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tests::{Scrape, Server, Settings, on_both, workspace};

/// A row of the tables in `docs/operating.md`: type and labels.
pub(crate) type Row = (String, BTreeSet<String>);

pub(crate) fn documented() -> BTreeMap<String, Row> {
    let page = std::fs::read_to_string(workspace().join("docs/operating.md")).unwrap();
    let (_, page) = page.split_once("<!-- metrics: begin -->").unwrap();
    let (page, _) = page.split_once("<!-- metrics: end -->").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `parlor_"));
    let rows = rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let labels = cells[3].split('`').skip(1).step_by(2).map(str::to_owned);
        let name = cells[1].trim_matches('`').to_owned();
        (name, (cells[2].to_owned(), labels.collect()))
    });
    rows.collect()
}

/// Waits until a metric has the wanted value.
pub(crate) async fn until(server: &Server, what: &str, wanted: impl Fn(&Scrape) -> bool) -> Scrape {
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let page = server.scrape().await;
        if wanted(&page) {
            return page;
        }
        assert!(tokio::time::Instant::now() < end, "{what}:\n{}", page.text);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns the metrics that changed between two pages, and by how much.
pub(crate) fn moved(before: &Scrape, after: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    after.sum(name, labels) - before.sum(name, labels)
}

on_both! {
    async fn every_figure_is_documented_and_every_documented_one_is_there(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", "hello").await;
        alice.vanish();
        let page = until(&server, "a socket was lost", |page| {
            page.sum("parlor_sockets_closed_total", &[("code", "lost")]) > 0.5
        })
        .await;
        let documented = documented();
        let shown: BTreeSet<_> = page.families().keys().collect();
        let promised: BTreeSet<_> = documented.keys().collect();
        assert_eq!(shown, promised);
        for (name, family) in page.families() {
            let (kind, labels) = &documented[name];
            assert_eq!(kind, &family.kind, "{name}");
            let used: BTreeSet<_> = family.labels().into_iter().map(str::to_owned).collect();
            if name.starts_with("parlor_db_replica_") {
                assert!(used.is_empty(), "{name}: there are no replicas");
            } else {
                assert_eq!(labels, &used, "{name}");
            }
            assert!(family.help.len() > 10, "{name}: {}", family.help);
        }
    }

    async fn figures_move_with_what_people_do(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let before = server.scrape().await;
        assert_eq!(before.sum("parlor_sockets", &[]).to_string(), "2");
        assert_eq!(before.sum("parlor_resumes_total", &[("outcome", "fresh")]).to_string(), "2");
        for number in 0..20 {
            alice.say("lounge", &format!("message {number}")).await;
        }
        bob.reach("lounge", 22).await;
        alice.refused("join", json!({"room": "nowhere"}), "no_such_room").await;
        alice.text("nonsense").await;
        alice.stray().await;
        let mut after = server.scrape().await;
        // The hub forgets the refused room only after the answer.
        while after.sum("parlor_hub_rooms", &[]) > 1.5 {
            after = server.scrape().await;
        }
        let by = |name: &str, labels: &[(&str, &str)]| moved(&before, &after, name, labels);
        let sends = [("op", "send"), ("outcome", "ok")];
        assert_eq!(by("parlor_commands_total", &sends).to_string(), "20");
        assert_eq!(by("parlor_command_ack_seconds_count", &[("op", "send")]).to_string(), "20");
        let acks = by("parlor_command_ack_seconds_sum", &[("op", "send")]);
        assert!(acks > 0.0 && acks < 20.0, "{acks} s for 20 sends");
        let refused = [("op", "join"), ("outcome", "no_such_room")];
        assert_eq!(by("parlor_commands_total", &refused).to_string(), "1");
        let bad = [("op", "unknown"), ("outcome", "bad_frame")];
        assert_eq!(by("parlor_commands_total", &bad).to_string(), "1");
        let deliveries = by("parlor_delivery_seconds_count", &[]);
        assert!(deliveries > 0.5 && deliveries < 20.5, "{deliveries} facts for 20 messages");
        assert!(by("parlor_fanout_batch_frames_sum", &[]) > 39.5, "each message to both");
        assert!(by("parlor_fanout_batch_sockets_count", &[]) > 0.5);
        assert!(by("parlor_db_lane_jobs_total", &[]) > 19.5);
        assert!(by("parlor_db_lane_batch_jobs_count", &[("database", "core")]) > 0.5);
        assert!(by("parlor_bus_events_total", &[]) > 0.5);
        assert!(by("parlor_bus_subscriber_handled_total", &[("subscriber", "messaging")]) > 19.5);
        assert!(by("parlor_process_cpu_seconds_total", &[]) >= 0.0);
        for (name, value) in [("parlor_people_online", "2"), ("parlor_hub_connections", "2"), ("parlor_hub_people", "2"), ("parlor_hub_rooms", "1")] {
            assert_eq!(after.sum(name, &[]).to_string(), value, "{name}");
        }
        for name in ["parlor_ready", "parlor_db_up", "parlor_build_info"] {
            assert_eq!(after.sum(name, &[]).to_string(), "1", "{name}");
        }
        assert!(after.sum("parlor_connections", &[]) > 1.5);
        assert!(after.sum("parlor_tasks", &[("owner", "gateway")]) > 3.5);
        assert!(after.sum("parlor_db_pool_max", &[("database", "core")]) > 0.5);
        assert!(after.sum("parlor_bus_credits", &[]) > 100.0);
        assert!(after.sum("parlor_process_open_fds", &[]) < after.sum("parlor_process_max_fds", &[]));
    }

    async fn each_way_to_come_back_and_to_go_is_counted(store: Store) {
        let server = store.serve(Settings::default().with("PARLOR_REPLAY_MAX", "5")).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let cursor = alice.cursor("lounge");
        let came_back = |cursor: i64, epoch: Value| {
            json!({"token": alice.token(), "epoch": epoch, "cursors": {"lounge": cursor}, "tab": "another"})
        };
        let epoch = alice.greeting()["epoch"].clone();
        let complete = came_back(cursor, epoch.clone());
        let (gap, reset) = (came_back(cursor, epoch.clone()), came_back(cursor + 500, epoch));
        let other = came_back(cursor, "of another life".into());
        server.hello(complete).await.close(1000).await;
        for number in 0..10 {
            alice.say("lounge", &format!("message {number}")).await;
        }
        for hello in [gap, reset, other] {
            server.hello(hello).await.vanish();
        }
        alice.ok("logout", json!({})).await;
        alice.closed().await;
        let page = until(&server, "all have gone", |page| {
            page.sum("parlor_sockets_closed_total", &[]) > 4.5
        })
        .await;
        for (outcome, times) in [("fresh", "1"), ("complete", "1"), ("gap", "1"), ("reset", "2")] {
            let seen = page.sum("parlor_resumes_total", &[("outcome", outcome)]);
            assert_eq!(seen.to_string(), times, "{outcome}");
        }
        for (code, times) in [("1000", "1"), ("client", "1"), ("lost", "3"), ("4008", "0")] {
            let seen = page.sum("parlor_sockets_closed_total", &[("code", code)]);
            assert_eq!(seen.to_string(), times, "{code}");
        }
    }

    async fn no_figure_tells_what_a_user_has_chosen(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("nightingale").await;
        alice.open("florence").await;
        alice.say("florence", "scutari").await;
        alice.refused("join", json!({"room": "crimea"}), "no_such_room").await;
        let _ = alice.call("hospital.open", json!({})).await.unwrap_err();
        let _ = server.api().get("/api/v1/lamp").await;
        let (page, tasks) = (server.scrape().await.text, server.operator().get("/health/tasks").await);
        let tasks = String::from_utf8_lossy(&tasks.body).into_owned();
        for word in ["nightingale", "florence", "scutari", "crimea", "hospital", "lamp", &alice.token(), alice.id()] {
            assert!(!page.contains(word), "{word} is in {page}");
            assert!(!tasks.contains(word), "{word} is in {tasks}");
        }
    }

    async fn every_task_is_listed_with_what_is_known_of_it(store: Store) {
        let server = store.server().await;
        let _alice = server.account("alice").await;
        let page = server.operator().get("/health/tasks").await.ok();
        let tasks = page["tasks"].as_array().unwrap();
        assert_eq!(page["count"].as_u64(), Some(tasks.len() as u64));
        for task in tasks {
            for field in ["name", "owner"] {
                assert!(task[field].as_str().is_some_and(|text| !text.is_empty()), "{task}");
            }
            for field in ["age_ms", "restarts"] {
                assert!(task[field].is_u64(), "{task}");
            }
            let state = task["state"].as_str().unwrap();
            assert!(["running", "waiting", "stopping"].contains(&state), "{task}");
            assert!(task["last_error"].is_null(), "{task}");
        }
        for (owner, name) in [("gateway", "socket"), ("gateway", "accept people"), ("messaging", "subscriber")] {
            let found = tasks.iter().any(|task| task["owner"] == owner && task["name"] == name);
            assert!(found, "{owner} {name}: {page}");
        }
    }
}
