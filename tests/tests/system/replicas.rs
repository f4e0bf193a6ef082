//! Reads of one room are served by a read replica: a real hot standby that lags, hangs, dies,
//! returns, or is promoted.

use crate::operator::{documented, moved, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::{Client, Place, Scrape, Server, Settings, Standby, Store, judge_at};
use tokio::time::Instant;

const REPLICA: &str = "core-replica-1";
const READS: &str = "parlor_db_replica_reads_total";

async fn replica(server: &Server) -> Value {
    let page = server.operator().get("/health/databases").await.json();
    page["databases"][REPLICA].clone()
}

/// Waits until the operator sees the replica in this state.
async fn becomes(server: &Server, condition: &str) -> Value {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let now = replica(server).await;
        if now["condition"] == condition {
            return now;
        }
        assert!(Instant::now() < end, "never {condition}: {now}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Alice and bob are in her room and have written there.
async fn lounge(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    alice.say("lounge", "hello").await;
    bob.say("lounge", "hello alice").await;
    (alice, bob)
}

/// Starts a server with a serving standby, and people.
async fn scene(store: &Store, settings: Settings) -> (Server, Client, Client) {
    let server = store.serve(settings).await;
    becomes(&server, "connected").await;
    let (alice, bob) = lounge(&server).await;
    (server, alice, bob)
}

async fn bodies(client: &mut Client) -> Vec<String> {
    let page = client.ok("history", json!({"room": "lounge"})).await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["body"].as_str().unwrap_or("-").to_owned())
        .collect()
}

fn reads(page: &Scrape, outcome: &str) -> f64 {
    page.sum(READS, &[("database", REPLICA), ("outcome", outcome)])
}

/// Reads until the standby has answered.
async fn is_served(server: &Server, client: &mut Client) {
    let before = reads(&server.scrape().await, "served");
    let end = Instant::now() + Duration::from_secs(30);
    while reads(&server.scrape().await, "served") <= before {
        assert!(Instant::now() < end, "served again");
        bodies(client).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Checks that the server accepts people and reports itself as degraded.
async fn is_degraded_and_ready(server: &Server) {
    let ready = server.operator().get("/health/ready").await;
    assert_eq!(ready.status.as_u16(), 200);
    let health = server.operator().get("/health").await.ok();
    assert_eq!(health["status"], "degraded", "{health}");
}

#[test]
fn history_log_and_members_are_read_on_the_standby() {
    judge_at(Place::Alone, "replica serves", async |store| {
        let standby = Standby::of(&store).await;
        let (server, mut alice, mut bob) = scene(&store, standby.settings()).await;
        alice
            .ok("edit", json!({"room": "lounge", "target": 3, "body": "hi"}))
            .await;
        bob.ok(
            "react",
            json!({"room": "lounge", "target": 3, "emoji": "👍", "on": true}),
        )
        .await;
        standby.catches_up().await;
        let before = server.scrape().await;
        let history = bob.ok("history", json!({"room": "lounge"})).await;
        assert_eq!(history["messages"][0]["body"], "hi");
        assert_eq!(
            history["messages"][0]["reactions"][0]["count"], 1,
            "{history}"
        );
        assert_eq!(
            history["messages"][0]["reactions"][0]["mine"], true,
            "{history}"
        );
        let log = bob.ok("log", json!({"room": "lounge", "after": 0})).await;
        assert_eq!(log["entries"].as_array().unwrap().len(), 6);
        assert_eq!(log["head"], history["head"]);
        let members = bob.ok("members", json!({"room": "lounge"})).await;
        assert_eq!(members["members"].as_array().unwrap().len(), 2);
        let after = server.scrape().await;
        assert_eq!(
            moved(&before, &after, READS, &[("outcome", "served")]).to_string(),
            "3"
        );
        assert_eq!(moved(&before, &after, READS, &[]).to_string(), "3");
        for name in [READS, "parlor_db_replica_behind_seconds"] {
            let used = after.families()[name]
                .labels()
                .into_iter()
                .map(str::to_owned);
            assert_eq!(
                used.collect::<BTreeSet<_>>(),
                documented()[name].1,
                "{name}"
            );
        }
        standby.has_read_the_log().await;
        let pools = server.operator().get("/health/db-pool").await.ok();
        assert_eq!(pools["databases"][REPLICA]["max"], 5);
        let reset = format!("/databases/{REPLICA}/reset");
        let reset = server.operator().post(&reset, &json!({})).await.ok();
        assert_eq!(reset["condition"], "connected", "{reset}");
        is_served(&server, &mut bob).await;
    });
}

#[test]
fn people_see_their_own_writes_while_the_standby_lags() {
    judge_at(Place::Alone, "replica lags", async |store| {
        let standby = Standby::of(&store).await;
        let settings = standby
            .settings()
            .with("CORE_DB_REPLICA_LAG_MAX_MS", "1000");
        let (server, mut alice, mut bob) = scene(&store, settings).await;
        standby.catches_up().await;
        standby.pause().await;
        let before = server.scrape().await;
        alice.say("lounge", "unseen there").await;
        assert_eq!(
            bodies(&mut alice).await,
            ["hello", "hello alice", "unseen there"]
        );
        alice
            .ok("delete", json!({"room": "lounge", "target": 3}))
            .await;
        assert_eq!(bodies(&mut bob).await, ["-", "hello alice", "unseen there"]);
        let cursor = bob.cursor("lounge");
        let log = bob
            .ok("log", json!({"room": "lounge", "after": cursor - 2}))
            .await;
        assert_eq!(log["entries"][0]["body"], "unseen there", "{log}");
        let after = server.scrape().await;
        assert_eq!(
            moved(&before, &after, READS, &[("outcome", "behind")]).to_string(),
            "3"
        );
        assert_eq!(moved(&before, &after, READS, &[]).to_string(), "3");
        // A quiet room is not out of date on the standby, until the whole standby is.
        let lagging = becomes(&server, "degraded").await;
        assert!(
            lagging["cause"]
                .as_str()
                .unwrap()
                .contains("behind its primary"),
            "{lagging}"
        );
        is_degraded_and_ready(&server).await;
        let before = server.scrape().await;
        bodies(&mut alice).await;
        assert_eq!(
            moved(&before, &server.scrape().await, READS, &[]).to_string(),
            "0"
        );
        standby.go_on().await;
        becomes(&server, "connected").await;
        is_served(&server, &mut alice).await;
        assert_eq!(bodies(&mut bob).await, ["-", "hello alice", "unseen there"]);
    });
}

#[test]
fn who_was_put_out_reads_nothing_through_a_standby_that_lags() {
    judge_at(Place::Alone, "replica and rights", async |store| {
        let standby = Standby::of(&store).await;
        let (server, mut alice, mut bob) = scene(&store, standby.settings()).await;
        let mut carol = server.account("carol").await;
        carol.ok("join", json!({"room": "lounge"})).await;
        standby.catches_up().await;
        standby.pause().await;
        alice
            .ok("ban", json!({"room": "lounge", "user": bob.id()}))
            .await;
        carol.ok("leave", json!({"room": "lounge"})).await;
        for outsider in [&mut bob, &mut carol] {
            for op in ["history", "log", "members"] {
                let mut asked = json!({"room": "lounge"});
                if op == "log" {
                    asked["after"] = json!(0);
                }
                outsider.refused(op, asked, "not_member").await;
            }
        }
        let members = alice.ok("members", json!({"room": "lounge"})).await;
        assert_eq!(members["members"].as_array().unwrap().len(), 1, "{members}");
        standby.go_on().await;
    });
}

#[test]
fn a_standby_that_hangs_costs_few_late_reads_and_no_send() {
    judge_at(Place::Alone, "replica hangs", async |store| {
        let standby = Standby::of(&store).await;
        let (server, mut alice, mut bob) = scene(&store, standby.settings()).await;
        standby.catches_up().await;
        is_served(&server, &mut bob).await;
        standby.freeze().await;
        let began = Instant::now();
        assert_eq!(bodies(&mut bob).await.len(), 2);
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        for number in 0..20 {
            alice.say("lounge", &format!("message {number}")).await;
            assert_eq!(bodies(&mut bob).await.len(), 3 + number);
        }
        let page = server.scrape().await;
        let late = reads(&page, "late") + reads(&page, "failed");
        assert!((1.0..=4.0).contains(&late), "{late} of 21 were late");
        becomes(&server, "lost").await;
        is_degraded_and_ready(&server).await;
        standby.thaw().await;
        becomes(&server, "connected").await;
        is_served(&server, &mut bob).await;
    });
}

#[test]
fn a_standby_that_died_serves_again_when_it_is_back() {
    judge_at(Place::Alone, "replica dies", async |store| {
        let standby = Standby::of(&store).await;
        let (server, mut alice, mut bob) = scene(&store, standby.settings()).await;
        standby.catches_up().await;
        is_served(&server, &mut bob).await;
        standby.stop().await;
        assert_eq!(bodies(&mut bob).await, ["hello", "hello alice"]);
        alice.say("lounge", "it is dead").await;
        assert_eq!(bodies(&mut bob).await.len(), 3);
        becomes(&server, "lost").await;
        is_degraded_and_ready(&server).await;
        standby.start_again().await;
        becomes(&server, "connected").await;
        is_served(&server, &mut bob).await;
        assert_eq!(bodies(&mut alice).await.len(), 3);
        until(&server, "all is well", |page| {
            page.sum("parlor_db_up", &[("database", REPLICA)]) > 0.5
        })
        .await;
    });
}

#[test]
fn a_standby_that_is_down_at_the_start_is_waited_for_while_people_chat() {
    judge_at(Place::Alone, "replica down at start", async |store| {
        let standby = Standby::of(&store).await;
        standby.stop().await;
        let server = store.serve(standby.settings()).await;
        let (_alice, mut bob) = lounge(&server).await;
        assert_eq!(bodies(&mut bob).await, ["hello", "hello alice"]);
        is_degraded_and_ready(&server).await;
        standby.start_again().await;
        becomes(&server, "connected").await;
        is_served(&server, &mut bob).await;
    });
}

#[test]
fn a_standby_that_was_promoted_is_not_believed() {
    judge_at(Place::Alone, "replica promoted", async |store| {
        let standby = Standby::of(&store).await;
        let (server, mut alice, mut bob) = scene(&store, standby.settings()).await;
        standby.catches_up().await;
        is_served(&server, &mut bob).await;
        standby.promote().await;
        let apart = "UPDATE entries SET body = 'of another world'; UPDATE rooms SET head = 1000;";
        standby.sql().await.run(apart).await;
        let before = server.scrape().await;
        for _ in 0..5 {
            assert_eq!(bodies(&mut bob).await, ["hello", "hello alice"]);
        }
        let lost = becomes(&server, "lost").await;
        assert!(
            lost["cause"].as_str().unwrap().contains("no standby"),
            "{lost}"
        );
        assert_eq!(bodies(&mut alice).await, ["hello", "hello alice"]);
        let after = server.scrape().await;
        let answers = moved(&before, &after, READS, &[("outcome", "served")]);
        assert_eq!(answers.to_string(), "0");
    });
}

#[test]
fn a_replica_that_is_the_primary_itself_is_named_and_not_used() {
    judge_at(Place::Alone, "replica is primary", async |store| {
        let url = &store.environment(Settings::default()).await["CORE_DB_URL"];
        let also = url.replace("127.0.0.1", "localhost");
        let settings = Settings::default().with("CORE_DB_REPLICA_URLS", &also);
        let server = store.serve(settings).await;
        let (_alice, mut bob) = lounge(&server).await;
        let lost = becomes(&server, "lost").await;
        assert!(
            lost["cause"].as_str().unwrap().contains("no standby"),
            "{lost}"
        );
        assert_eq!(bodies(&mut bob).await, ["hello", "hello alice"]);
        assert_eq!(server.scrape().await.sum(READS, &[]).to_string(), "0");
    });
}
