//! Traces at a collector: their content, their ids, and that chat never waits for them.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Collected, Collector, Exit, Settings, Span, on_both};
use tokio::net::TcpListener;
use tokio::time::Instant;

const BODY: &str = "words-that-nobody-else-may-read";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn to(endpoint: &str) -> Settings {
    Settings::default().with("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
}

/// Keeps all traces.
fn all(endpoint: &str) -> Settings {
    to(endpoint).with("OTEL_TRACES_SAMPLER", "parentbased_always_on")
}

/// Returns the only span of a trace with this name.
fn only<'c>(collected: &'c Collected, trace: &str, name: &str) -> &'c Span {
    let spans = collected.of(trace, name);
    assert_eq!(spans.len(), 1, "{name}: {:#?}", collected.spans);
    spans[0]
}

/// Returns the stages of the stop and what they left, from the log.
fn stages(exit: &Exit) -> Vec<(String, u64)> {
    let lines = exit.lines.iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let stages = lines.filter_map(|line| {
        let stage = line["stage"].as_str()?.to_owned();
        Some((stage, line["left"].as_u64()?))
    });
    stages.collect()
}

/// Returns the number of log lines about the collector.
fn collector_lines(exit: &Exit) -> usize {
    let lines = exit.lines.iter();
    lines.filter(|line| line.contains("collector")).count()
}

on_both! {
    async fn a_send_is_told_from_its_frame_to_its_commit(store: Store) {
        let collector = Collector::start().await;
        let server = store.serve(all(&collector.endpoint())).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", BODY).await;
        let collected = collector
            .until("the fan-out of a send", |seen| {
                let send = seen.first("command send");
                let handled = "gateway rooms.entries_appended";
                send.is_some_and(|send| !seen.of(&send.trace, handled).is_empty())
            })
            .await;
        let command = collected.first("command send").unwrap();
        assert_eq!((&*command.parent, command.failed), ("", false));
        let attribute = |key: &str| command.attributes.get(key).map(String::as_str);
        assert_eq!((attribute("outcome"), attribute("code")), (Some("ok"), Some("200")));
        let part = |name: &str| only(&collected, &command.trace, name);
        let handled = part("messaging messaging.send");
        let job = part("job messaging.send");
        let fanned_out = part("gateway rooms.entries_appended");
        for child in [handled, job, fanned_out] {
            assert_eq!(child.parent, command.id, "{}", child.name);
        }
        let (queue, transaction) = (part("queue"), part("transaction"));
        assert_eq!((&queue.parent, &transaction.parent), (&job.id, &job.id));
        assert!(transaction.took > 0 && job.took >= transaction.took);
        assert_eq!(job.attributes["outcome"], "done");
    }

    async fn what_people_write_and_who_they_are_is_not_told(store: Store) {
        let collector = Collector::start().await;
        let settings = all(&collector.endpoint())
            .with("OTEL_SERVICE_NAME", "the-chat")
            .with("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=red%2Cblue")
            .with("OTEL_EXPORTER_OTLP_HEADERS", "api-key=sesame");
        let server = store.serve(settings).await;
        let mut alice = server.account("alicia-who").await;
        alice.open("lounge-where").await;
        alice.say("lounge-where", BODY).await;
        alice.refused("join", json!({"room": "nowhere-at-all"}), "no_such_room").await;
        let api = server.api().bearing(&alice.token());
        let page = api.get("/api/v1/rooms/lounge-where/history?limit=5").await.ok();
        assert!(page.to_string().contains(BODY));
        let token = alice.token();
        drop(alice);
        assert_eq!(server.stop().await.code, Some(0));
        let collected = collector.collected();
        let route = "GET /api/v1/rooms/{room}/history";
        assert!(collected.first(route).is_some(), "a stop sends what waits");
        for secret in [BODY, "alicia", "lounge-where", "nowhere", "password", "sesame", &token] {
            assert!(!collected.holds(secret), "{secret:?} is told");
        }
        let joins = collected.spans.iter().filter(|span| span.name == "command join");
        let outcomes: Vec<_> = joins.map(|span| (&*span.attributes["outcome"], span.failed)).collect();
        assert!(outcomes.contains(&("no_such_room", false)), "{outcomes:?}");
        assert_eq!(collected.headers["api-key"], "sesame");
        assert_eq!(collected.resource["service.name"], "the-chat");
        assert_eq!(collected.resource["team"], "red,blue");
    }

    async fn an_error_is_found_by_the_trace_that_it_was_told_with(store: Store) {
        let collector = Collector::start().await;
        let server = store.serve(to(&collector.endpoint()).with("OTEL_TRACES_SAMPLER_ARG", "0")).await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let seq = alice.say("lounge", "react!").await["seq"].clone();
        store.sql().await.run("ALTER TABLE reactions RENAME TO hidden").await;
        let react = json!({"room": "lounge", "target": seq, "emoji": "👍", "on": true});
        let refusal = alice.refused("react", react, "internal").await;
        store.sql().await.run("ALTER TABLE hidden RENAME TO reactions").await;
        let trace = refusal.all["trace"].as_str().unwrap();
        let collected = collector
            .until("a failure", |seen| !seen.of(trace, "command react").is_empty())
            .await;
        let command = only(&collected, trace, "command react");
        let job = only(&collected, trace, "job messaging.react");
        assert_eq!((&*command.attributes["outcome"], command.failed), ("internal", true));
        assert_eq!((&job.parent, job.failed), (&command.id, true));
        assert!(server.logged(trace).await.contains("reactions"));
        assert_eq!(collected.first("command send"), None, "it went well and was not chosen");
    }

    async fn a_caller_names_the_trace_of_a_request(store: Store) {
        let collector = Collector::start().await;
        let server = store.serve(to(&collector.endpoint())).await;
        let token = server.register("alice").await;
        let headers = [("traceparent", CALLER)];
        let api = server.api().bearing(&token);
        let answer = api.send(Method::GET, "/api/v1/rooms", &headers, bytes::Bytes::new()).await;
        assert_eq!(answer.status, StatusCode::OK);
        let (trace, caller) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let collected = collector
            .until("a request", |seen| !seen.of(trace, "GET /api/v1/rooms").is_empty())
            .await;
        let request = only(&collected, trace, "GET /api/v1/rooms");
        assert_eq!(request.parent, caller);
        assert_eq!(request.attributes["http.response.status_code"], "200");
        assert_eq!(only(&collected, trace, "command rooms").parent, request.id);
        let wrong = api.send(Method::GET, "/api/v1/rooms/no-such/history", &headers, bytes::Bytes::new()).await;
        assert_eq!(wrong.refused("no_such_room").all["trace"], trace);
    }

    async fn of_all_that_many_say_at_once_every_trace_is_whole(store: Store) {
        let collector = Collector::start().await;
        let server = store.serve(all(&collector.endpoint())).await;
        let mut talkers = Vec::new();
        for name in ["alice", "bob", "carol", "dave"] {
            let mut talker = server.account(name).await;
            talker.open(name).await;
            for number in 0..100 {
                let send = json!({"room": name, "cid": format!("c{number}"), "body": BODY});
                talker.post("send", send).await;
            }
            talkers.push((name, talker));
        }
        for (name, talker) in &mut talkers {
            talker.reach(name, 101).await;
        }
        drop(talkers);
        let exit = server.stop().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        let collected = collector.collected();
        let sends = collected.spans.iter().filter(|span| span.name == "command send");
        let sends: Vec<_> = sends.collect();
        assert_eq!(sends.len(), 400);
        for send in sends {
            let job = only(&collected, &send.trace, "job messaging.send");
            assert_eq!(job.parent, send.id);
            assert_eq!(only(&collected, &send.trace, "transaction").parent, job.id);
        }
    }

    async fn a_dead_collector_costs_spans_and_a_line_until_it_is_back(store: Store) {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let server = store.serve(all(&format!("http://{nobody}"))).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let began = Instant::now();
        let lost = [("outcome", "lost")];
        while server.scrape().await.sum("parlor_trace_spans_total", &lost) < 1.0 {
            assert!(began.elapsed() < Duration::from_secs(20), "no span was lost");
            alice.say("lounge", BODY).await;
        }
        let collector = Collector::start_at(nobody).await;
        alice.say("lounge", BODY).await;
        collector.until("spans", |seen| !seen.spans.is_empty()).await;
        server.logged("the collector accepts spans again").await;
        drop(alice);
        let exit = server.stop().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        assert_eq!(collector_lines(&exit), 2, "{}", exit.lines.join("\n"));
    }

    async fn a_silent_collector_holds_up_neither_chat_nor_the_stop(store: Store) {
        let collector = Collector::silent().await;
        let server = store.serve(all(&collector.endpoint())).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.say("lounge", BODY).await;
        collector.until("a request", |seen| seen.requests > 0).await;
        for _ in 0..50 {
            alice.say("lounge", BODY).await;
        }
        drop(alice);
        let began = Instant::now();
        let exit = server.stop().await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        let stages = stages(&exit);
        let names: Vec<_> = stages.iter().map(|(stage, _)| stage.as_str()).collect();
        assert_eq!(names[names.len() - 3..], ["storage", "traces", "tasks"]);
        let left = stages.iter().find(|(stage, _)| stage == "traces").unwrap().1;
        assert!(left > 0, "what it would not take is counted");
    }
}
