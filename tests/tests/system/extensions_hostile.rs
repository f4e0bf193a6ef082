//! Extensions that loop, block, panic or flood: chat goes on, the log and the operator's pages name them,
//! and the server stops cleanly.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Client, Server, Settings, Store, on_both};

/// Longest stop; the budget is 10 s.
const STOP_MAX: Duration = Duration::from_secs(11);

/// What the log says of a thread that is held.
const HOLDS: &str = "an extension holds a thread";

/// Starts the server with these extensions, whose named parts misbehave.
async fn serve(store: &Store, extensions: &[&str], parts: &str) -> Server {
    let settings = Settings::default().extended(extensions);
    let misbehaving = extensions.iter().filter(|name| **name != "tally");
    let settings = misbehaving.fold(settings, |settings, name| {
        settings.with(&format!("PARLOR_{}_PARTS", name.to_uppercase()), parts)
    });
    let server = store.serve(settings).await;
    server.expect_trouble();
    server.expect_panics();
    server
}

/// Has two new people chat, and returns them.
async fn chat(server: &Server) -> [Client; 2] {
    let guests = ["alice", "bob"].map(|name| format!("{name}-{:x}", rand::random::<u32>()));
    let mut people = [
        server.guest(&guests[0]).await,
        server.guest(&guests[1]).await,
    ];
    for person in &mut people {
        person.ok("join", json!({"room": "general"})).await;
    }
    for number in 0..20 {
        let [alice, bob] = &mut people;
        let said = alice.say("general", &format!("number {number}")).await;
        bob.reach("general", said["seq"].as_i64().unwrap()).await;
    }
    people
}

/// Returns the operator's page of an extension once it is degraded for this reason.
async fn degraded(server: &Server, extension: &str, why: &str) -> Value {
    let began = Instant::now();
    loop {
        let page = server
            .operator()
            .get(&format!("/health/{extension}"))
            .await
            .json();
        let cause = page["cause"].as_str().unwrap_or_default();
        if page["status"] == "degraded" && cause.contains(why) {
            return page;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{extension}: {page}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Checks that the server is ready, and stops it.
async fn stops_cleanly(server: &Server) -> Vec<String> {
    let ready = server.operator().get("/health/ready").await;
    assert_eq!(ready.status, 200);
    let began = Instant::now();
    let exit = server.stop().await;
    let took = began.elapsed();
    assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
    assert!(took < STOP_MAX, "{took:?}");
    exit.lines
}

fn mentions(lines: &[String], text: &str, extension: &str) -> bool {
    let mut lines = lines.iter();
    lines.any(|line| line.contains(text) && line.contains(extension))
}

on_both! {
    async fn chat_goes_on_beside_all_of_them_and_the_store_is_whole_after_a_stop_and_a_kill(store: Store) {
        let all = ["tally", "loops", "blocks", "panics", "floods"];
        let settings = Settings::default().extended(&all);
        let server = store.serve(settings).await;
        server.expect_trouble();
        server.expect_panics();
        chat(&server).await;
        for (extension, why) in [
            ("loops", "loops: task"),
            ("blocks", "blocks: task"),
            ("panics", "panicked"),
        ] {
            degraded(&server, extension, why).await;
        }
        let lines = stops_cleanly(&server).await;
        for extension in ["loops", "blocks"] {
            assert!(mentions(&lines, HOLDS, extension), "the log names {extension}");
            assert!(mentions(&lines, "stop stage did not finish", extension));
        }
        assert!(mentions(&lines, "a task failed", "panics"));
        server.start_again().await;
        chat(&server).await;
        server.crash().await;
        chat(&server).await;
        stops_cleanly(&server).await;
    }

    async fn a_handler_that_never_returns_is_named(store: Store) {
        for extension in ["loops", "blocks"] {
            let server = serve(&store, &[extension], "handler").await;
            chat(&server).await;
            degraded(&server, extension, "handler").await;
            server.logged("a handler has not returned within its limit").await;
            let busy = server.scrape().await.sum("parlor_extension_busy_seconds_total", &[]);
            assert!(busy > 1.0, "it counts while it runs: {busy}");
            let lines = stops_cleanly(&server).await;
            assert!(mentions(&lines, "cancelled subscribers", extension));
        }
    }

    async fn a_command_that_never_returns_costs_its_caller_alone(store: Store) {
        let server = serve(&store, &["loops", "blocks"], "respond").await;
        let [mut alice, mut bob] = chat(&server).await;
        for extension in ["loops", "blocks"] {
            let [read, write] = ["read", "write"].map(|op| format!("x.{extension}.{op}"));
            alice.refused(&read, json!({}), "overloaded").await;
            alice.refused(&write, json!({}), "outcome_unknown").await;
            degraded(&server, extension, "holds a thread").await;
        }
        bob.ok("ping", json!({})).await;
        chat(&server).await;
        stops_cleanly(&server).await;
    }

    async fn a_follower_that_never_returns_is_behind_and_holds_up_nobody(store: Store) {
        for part in ["act", "apply"] {
            for extension in ["loops", "blocks"] {
                let server = serve(&store, &[extension, "tally"], part).await;
                let [mut alice, _] = chat(&server).await;
                degraded(&server, extension, "holds a thread").await;
                let began = Instant::now();
                while alice.ok("x.tally.count", json!({})).await == 0 {
                    assert!(began.elapsed() < Duration::from_secs(30), "others follow");
                }
                stops_cleanly(&server).await;
            }
        }
    }

    async fn a_view_that_never_returns_holds_up_no_page(store: Store) {
        for extension in ["loops", "blocks"] {
            let server = serve(&store, &[extension], "view").await;
            degraded(&server, extension, "view").await;
            for page in ["/health", "/health/ready", "/metrics", "/health/databases"] {
                let began = Instant::now();
                assert_eq!(server.operator().get(page).await.status, 200, "{page}");
                let took = began.elapsed();
                assert!(took < Duration::from_secs(3), "{page}: {took:?}");
            }
            chat(&server).await;
            stops_cleanly(&server).await;
        }
    }

    async fn one_that_panics_everywhere_fails_alone(store: Store) {
        let parts = "task handler respond apply view action http load";
        let server = serve(&store, &["panics"], parts).await;
        let [mut alice, _] = chat(&server).await;
        alice.refused("x.panics.write", json!({}), "internal").await;
        degraded(&server, "panics", "panicked").await;
        let served = server.api().get("/api/v1/x/panics/other").await;
        assert_eq!(served.status, 500);
        let acted = server.operator().post("/panics/act", &json!({})).await;
        assert_eq!(acted.status, 503);
        chat(&server).await;
        stops_cleanly(&server).await;
    }

    async fn a_flood_keeps_nobody_from_chatting_nor_the_server_from_stopping(store: Store) {
        let server = serve(&store, &["floods"], "task").await;
        chat(&server).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        chat(&server).await;
        stops_cleanly(&server).await;
    }
}
