//! How a server stops, whatever delays it.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Exit, Kind, Raw, Settings, drained, on_both, on_postgres, snag, workspace};
use tokio::time::Instant;

/// The stages of a stop, in order.
const STAGES: [&str; 10] = [
    "not ready",
    "accepting",
    "timers",
    "replies",
    "goodbyes",
    "sessions",
    "bus",
    "subscribers",
    "storage",
    "tasks",
];

/// Returns stage, milliseconds and what was left undone, from the log.
fn stages(exit: &Exit) -> Vec<(String, u64, u64)> {
    let lines = exit.lines.iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let stages = lines.filter_map(|line| {
        let stage = line["stage"].as_str()?.to_owned();
        Some((stage, line["took_ms"].as_u64()?, line["left"].as_u64()?))
    });
    stages.collect()
}

fn names(exit: &Exit) -> Vec<String> {
    stages(exit).into_iter().map(|(stage, ..)| stage).collect()
}

#[test]
fn every_stage_is_documented() {
    let page = std::fs::read_to_string(workspace().join("docs/operating.md")).unwrap();
    let (_, page) = page.split_once("## How it stops").unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    assert_eq!(rows[..STAGES.len()], STAGES);
}

on_both! {
    async fn each_stage_is_logged_with_its_time_and_what_it_left(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        server.signal("TERM");
        assert_eq!(alice.closed().await.code, Some(1012));
        let exit = server.ended().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        assert_eq!(names(&exit), STAGES);
        for (stage, took_ms, left) in stages(&exit) {
            assert_eq!(left, 0, "{stage}");
            assert!(took_ms < 2_500, "{stage} took {took_ms} ms");
        }
    }

    async fn hundreds_drain_in_time_each_with_a_delay_of_its_own(store: Store) {
        let server = store.server().await;
        let drained = drained(&server, 300).await;
        let log = drained.exit.lines.join("\n");
        assert_eq!(drained.exit.code, Some(0), "{log}");
        assert!(drained.took < Duration::from_secs(10), "{:?}\n{log}", drained.took);
        assert_eq!(drained.delays_ms.len(), 300);
        assert!(drained.delays_ms.iter().all(|ms| *ms <= 1_000), "{:?}", drained.delays_ms);
        assert!(drained.different() > 200, "{:?}", drained.delays_ms);
        assert_eq!(names(&drained.exit), STAGES);
    }

    async fn a_stop_that_has_to_cut_a_command_says_so_and_ends_with_1(store: Store) {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        snag(&store).await;
        let stuck = alice.post("send", json!({"room": "lounge", "cid": "held", "body": "x"})).await;
        // It is queued behind the other in its room, and therefore has not begun.
        let waiting = alice.post("history", json!({"room": "lounge"})).await;
        alice.ok("ping", json!({})).await;
        let began = Instant::now();
        server.signal("TERM");
        server.logged("\"timers\"").await;
        let operator = server.operator();
        assert_eq!(operator.get("/health/ready").await.status, 503);
        assert_eq!(operator.get("/health/live").await.status, 200);
        assert_eq!(server.scrape().await.sum("parlor_ready", &[]).to_string(), "0");
        let refusal = alice.reply(stuck).await.unwrap_err();
        assert_eq!(refusal, "outcome_unknown");
        assert!(refusal.all["trace"].is_string(), "{}", refusal.all);
        assert_eq!(alice.reply(waiting).await.unwrap_err(), "draining");
        assert_eq!(alice.closed().await.code, Some(1012));
        let exit = server.ended().await;
        assert_eq!(exit.code, Some(1), "{}", exit.lines.join("\n"));
        assert!(began.elapsed() < Duration::from_secs(11), "{:?}", began.elapsed());
        assert_eq!(names(&exit), STAGES, "a stage that hangs holds up none after it");
        let replies = stages(&exit).into_iter().find(|(stage, ..)| stage == "replies");
        assert_eq!(replies.unwrap().2, 2, "two commands had no reply");
    }

    async fn a_stop_is_heard_while_the_database_is_being_migrated(store: Store) {
        // The database works, and somebody else keeps it busy.
        let server = store.server().await;
        assert_eq!(server.stop().await.code, Some(0));
        let mut sql = store.sql().await;
        sql.run(match store.kind() {
            Kind::Sqlite => "BEGIN IMMEDIATE",
            Kind::Postgres => "SELECT pg_advisory_lock(1885434476, 2)",
        })
        .await;
        let starting = store.start(Settings::default()).await;
        starting.logged("a database is connecting").await;
        let began = Instant::now();
        starting.signal("TERM");
        let exit = starting.ended().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(exit.lines.join("\n").contains("during the start"), "{}", exit.lines.join("\n"));
        drop(sql);
        let server = store.server().await;
        server.guest("alice").await;
    }

    async fn whoever_waits_to_be_let_in_is_answered(store: Store) {
        let server = store.server().await;
        let _alice = server.account("alice").await;
        server.signal("STOP");
        let mut waiting = Vec::new();
        for _ in 0..20 {
            let mut raw = Raw::connect(server.address()).await.unwrap();
            raw.bytes(b"GET /api/v1/me HTTP/1.1\r\nhost: parlor\r\nconnection: close\r\n\r\n").await.unwrap();
            waiting.push(raw);
        }
        server.signal("TERM");
        server.signal("CONT");
        for raw in waiting {
            let answer = raw.rest().await.unwrap();
            // Requests accepted before the signal are refused for lack of a token.
            let refused = ["503", "401"].iter().any(|status| answer.starts_with(&format!("HTTP/1.1 {status} ")));
            assert!(refused, "{answer}");
        }
        assert_eq!(server.ended().await.code, Some(0));
    }

    async fn a_second_signal_ends_it_at_once_with_1(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        snag(&store).await;
        alice.post("send", json!({"room": "lounge", "cid": "held", "body": "x"})).await;
        alice.ok("ping", json!({})).await;
        server.signal("TERM");
        server.logged("a second signal stops at once").await;
        let began = Instant::now();
        server.signal("TERM");
        let exit = server.ended().await;
        assert_eq!(exit.code, Some(1), "{}", exit.lines.join("\n"));
        // Waiting for every stage to reach its limit would take all of the 10 s.
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }
}

on_postgres! {
    async fn a_stop_is_heard_while_the_database_says_nothing(store: Store) {
        let settings = Settings::default().linked();
        let _ = store.environment(settings.clone()).await;
        store.link().silence();
        let starting = store.start(settings).await;
        starting.logged("a database is connecting").await;
        let began = Instant::now();
        starting.signal("TERM");
        let exit = starting.ended().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
