//! Moves all data into another database, SQLite or PostgreSQL.

use serde_json::{Value, json};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tests::{Client, Kind, Server, Settings, Sql, Store, judge, parlor};

/// Source and target of a test on PostgreSQL: its database, and a file in its folder.
struct Ends {
    postgres: String,
    sqlite: String,
}

impl Ends {
    async fn of(store: &Store) -> Self {
        let environment = store.environment(Settings::default()).await;
        Self {
            postgres: environment["CORE_DB_URL"].clone(),
            sqlite: format!("sqlite:{}", store.folder().join("core.db").display()),
        }
    }
}

/// Starts a server on one of the two databases.
async fn serve(store: &Store, url: &str) -> Server {
    store
        .serve(Settings::default().with("CORE_DB_URL", url))
        .await
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(parlor());
    command.args(arguments).env_clear();
    command
}

async fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = command(arguments);
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let (out, err) = (&output.stdout, &output.stderr);
    let output_text = format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    );
    (output.status.code(), output_text)
}

async fn copies(from: &str, to: &str) -> String {
    let (code, output_text) = run(&["copy", "--from", from, "--to", to]).await;
    assert_eq!(code, Some(0), "{output_text}");
    output_text
}

async fn refuses(from: &str, to: &str, code: i32, why: &str) {
    let (ended, output_text) = run(&["copy", "--from", from, "--to", to]).await;
    assert_eq!(ended, Some(code), "{output_text}");
    assert!(output_text.contains(why), "{output_text}");
}

/// Creates an example of everything that a store can hold.
async fn live(server: &Server) -> (Client, Client) {
    let mut alice = server.account("alice").await;
    let mut bob = server.account("bob").await;
    alice.open("lounge").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    let odd = "it's \"odd\" \\ {braces} [1, 2] null\n\ttab, Ünïcödé, 🦜, \u{2028}, $1 and ?";
    let mut seqs = Vec::new();
    for body in ["plain", odd, "@alice look", "gone", "edited"] {
        seqs.push(bob.say("lounge", body).await["seq"].clone());
    }
    bob.ok(
        "edit",
        json!({"room": "lounge", "target": seqs[4], "body": "better"}),
    )
    .await;
    bob.ok("delete", json!({"room": "lounge", "target": seqs[3]}))
        .await;
    for emoji in ["👍🏽", "❤️", "🇫🇷"] {
        let react = json!({"room": "lounge", "target": seqs[0], "emoji": emoji, "on": true});
        alice.ok("react", react).await;
    }
    alice
        .ok("read", json!({"room": "lounge", "seq": seqs[1]}))
        .await;
    let private = json!({"name": "Ours", "kind": "private", "cid": "p"});
    let private = alice.ok("room.create", private).await;
    let key = private["card"]["room"].as_str().unwrap().to_owned();
    alice
        .ok("invite", json!({"room": key, "user": "@bob"}))
        .await;
    let direct = alice.ok("dm", json!({"user": "@bob"})).await;
    let direct = direct["card"]["room"].as_str().unwrap().to_owned();
    alice.say(&direct, "between us").await;
    let _carol = server.account("carol").await;
    alice
        .ok(
            "ban",
            json!({"room": "lounge", "user": "@carol", "reason": "spam"}),
        )
        .await;
    let until = 4_000_000_000_000_i64;
    alice
        .ok(
            "mute",
            json!({"room": "lounge", "user": "@bob", "until_ms": until}),
        )
        .await;
    (alice, bob)
}

/// Everything that a person sees: their rooms, with messages and log.
async fn seen(client: &mut Client) -> Value {
    let rooms = client.ok("rooms", json!({})).await;
    let mut all = json!({"rooms": rooms["rooms"]});
    for line in rooms["rooms"].as_array().unwrap() {
        let room = line["card"]["room"].as_str().unwrap();
        all[room] = json!({
            "history": client.ok("history", json!({"room": room, "limit": 200})).await,
            "log": client.ok("log", json!({"room": room, "after": 0, "limit": 200})).await,
            "members": client.ok("members", json!({"room": room})).await["members"],
        });
    }
    all
}

fn without_presence(mut all: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("online");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut all);
    all
}

#[test]
fn everything_moves_to_postgres_and_back_and_people_stay_logged_in() {
    judge(Kind::Postgres, "there and back", async |store| {
        let ends = Ends::of(&store).await;
        let server = serve(&store, &ends.sqlite).await;
        let (mut alice, mut bob) = live(&server).await;
        let before = [seen(&mut alice).await, seen(&mut bob).await].map(without_presence);
        let tokens = [alice.token(), bob.token()];
        let old = alice.resume();
        alice.vanish();
        bob.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        let output_text = copies(&ends.sqlite, &ends.postgres).await;
        assert!(output_text.contains("compared"), "{output_text}");
        refuses(&ends.sqlite, &ends.postgres, 2, "not empty").await;

        let there = serve(&store, &ends.postgres).await;
        let mut back = there.hello(old).await;
        assert_eq!(
            back.greeting()["rooms"]["lounge"]["reset"],
            true,
            "an epoch of its own"
        );
        back.push("resumed", "").await;
        for (token, before) in tokens.iter().zip(&before) {
            let mut client = there.hello(json!({"token": token, "tab": "again"})).await;
            assert_eq!(&without_presence(seen(&mut client).await), before);
        }
        // The numbers of new rooms and entries continue after the old ones.
        back.open("annex").await;
        back.say("annex", "first").await;
        back.say("lounge", "over there").await;
        let after = without_presence(seen(&mut back).await);
        back.vanish();
        assert_eq!(there.stop().await.code, Some(0));

        let second = format!("sqlite:{}", store.folder().join("again/core.db").display());
        copies(&ends.postgres, &second).await;
        let home = serve(&store, &second).await;
        let mut client = home.hello(json!({"token": tokens[0]})).await;
        assert_eq!(without_presence(seen(&mut client).await), after);
        client.open("attic").await;
        client.say("attic", "home").await;
    });
}

#[test]
fn a_store_that_is_served_is_not_copied() {
    judge(Kind::Postgres, "served", async |store| {
        let ends = Ends::of(&store).await;
        let server = serve(&store, &ends.sqlite).await;
        refuses(&ends.sqlite, &ends.postgres, 3, "in use by process").await;
        assert_eq!(server.stop().await.code, Some(0));
        let other = serve(&store, &ends.postgres).await;
        refuses(&ends.sqlite, &ends.postgres, 3, "in use by").await;
        refuses(&ends.sqlite, &ends.sqlite, 2, "the same").await;
        other.guest("alice").await;
    });
}

const MANY: i64 = 60_000;

/// Fills a room's log directly in the file.
async fn fill(store: &Store) {
    let mut sql = Sql::create(&store.folder().join("core.db"));
    sql.run(&format!(
        "INSERT INTO entries (room_id, seq, kind, author_id, at, cid, body, body_hash)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})
            SELECT r.id, r.head + i, 1, (SELECT id FROM users LIMIT 1), 1800000000000 + i,
                'c' || i, 'message ' || i, randomblob(16)
            FROM n, rooms r WHERE r.key = 'lounge';
         UPDATE rooms SET head = head + {MANY} WHERE key = 'lounge';"
    ))
    .await;
}

/// Starts a copy and kills it when this many entries have been copied.
async fn cut_off(store: &Store, ends: &Ends, entries: i64) {
    let mut copy = command(&["copy", "--from", &ends.sqlite, "--to", &ends.postgres]);
    copy.stdout(Stdio::null()).stderr(Stdio::null());
    let mut copy = KillReport(copy.spawn().unwrap());
    let arrived = async {
        loop {
            if entries_in(store).await >= entries {
                return;
            }
            assert!(
                copy.0.try_wait().unwrap().is_none(),
                "it ended before it was cut off"
            );
        }
    };
    tokio::time::timeout(Duration::from_secs(60), arrived)
        .await
        .unwrap();
}

async fn entries_in(store: &Store) -> i64 {
    store.sql().await.count("entries").await
}

/// Killed when dropped.
struct KillReport(Child);

impl KillReport {
    fn freeze(&self) {
        let process = self.0.id().to_string();
        let output_text = Command::new("kill").args(["-STOP", &process]).status();
        assert!(output_text.unwrap().success());
    }
}

impl Drop for KillReport {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_copy_that_was_cut_off_goes_on_where_it_was_and_nobody_serves_it_before() {
    judge(Kind::Postgres, "cut off", async |store| {
        let ends = Ends::of(&store).await;
        let server = serve(&store, &ends.sqlite).await;
        live(&server).await;
        assert_eq!(server.stop().await.code, Some(0));
        fill(&store).await;
        for entries in [1_000, 20_000, 40_000] {
            cut_off(&store, &ends, entries).await;
            let kept = entries_in(&store).await;
            assert!(kept >= entries && kept < MANY, "{kept}");
        }
        let exit = store
            .try_serve(Settings::default())
            .await
            .expect_err("it is not whole");
        assert!(
            exit.lines.join("\n").contains("unfinished copy"),
            "{:?}",
            exit.lines
        );
        let kept = entries_in(&store).await;
        assert!(kept >= 40_000, "nothing begins anew: {kept}");
        copies(&ends.sqlite, &ends.postgres).await;
        let there = serve(&store, &ends.postgres).await;
        there.guest("dave").await;
        let stored = store.sql().await.entries().await;
        let source = Sql::create(&store.folder().join("core.db")).entries().await;
        assert_eq!(stored.len(), source.len());
        assert!(stored == source, "every entry is the same");
    });
}

#[test]
fn a_source_that_changed_between_two_runs_is_noticed() {
    judge(Kind::Postgres, "changed", async |store| {
        let ends = Ends::of(&store).await;
        let server = serve(&store, &ends.sqlite).await;
        live(&server).await;
        assert_eq!(server.stop().await.code, Some(0));
        fill(&store).await;
        cut_off(&store, &ends, 20_000).await;
        let mut sql = Sql::create(&store.folder().join("core.db"));
        sql.run("UPDATE entries SET body = 'changed' WHERE cid = 'c7'")
            .await;
        refuses(
            &ends.sqlite,
            &ends.postgres,
            1,
            "entries differs from the source where room_id is",
        )
        .await;
        let exit = store
            .try_serve(Settings::default())
            .await
            .expect_err("it is not whole");
        assert!(
            exit.lines.join("\n").contains("unfinished copy"),
            "{:?}",
            exit.lines
        );
        let other = format!("sqlite:{}", store.folder().join("other/core.db").display());
        refuses(
            &other,
            &ends.postgres,
            2,
            "unfinished copy of another source",
        )
        .await;
    });
}

/// Fills a room's log directly on PostgreSQL.
const FILL: &str = "INSERT INTO entries (room_id, seq, kind, author_id, at, cid, body, body_hash)
        SELECT r.id, r.head + i, 1, (SELECT id FROM users LIMIT 1), 1800000000000 + i,
            'c' || i, 'message ' || i, decode(md5(i::text), 'hex')
        FROM generate_series(1, 60000) AS i, rooms r WHERE r.key = 'lounge';
    UPDATE rooms SET head = head + 60000 WHERE key = 'lounge';";

/// Returns whether a copy holds the lock on the store.
const COPIED: &str = "SELECT count(*) AS count FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = 1885434476 AND objid = 1
        AND datname = current_database() AND application_name LIKE 'parlor copy,%'";

#[test]
fn no_server_starts_on_a_source_while_it_is_copied() {
    judge(Kind::Postgres, "being copied", async |store| {
        let ends = Ends::of(&store).await;
        let server = store.server().await;
        live(&server).await;
        assert_eq!(server.stop().await.code, Some(0));
        let mut sql = store.sql().await;
        sql.run(FILL).await;
        let mut copy = command(&["copy", "--from", &ends.postgres, "--to", &ends.sqlite]);
        copy.stdout(Stdio::null()).stderr(Stdio::null());
        let copy = KillReport(copy.spawn().unwrap());
        let begun = async { while sql.number(COPIED).await == 0 {} };
        tokio::time::timeout(Duration::from_secs(60), begun)
            .await
            .unwrap();
        // The copy must take longer than the server needs to be refused.
        copy.freeze();
        let exit = store
            .try_serve(Settings::default())
            .await
            .expect_err("it is being copied");
        let output_text = exit.lines.join("\n");
        assert_eq!(exit.code, Some(3), "{output_text}");
        assert!(
            output_text.contains("in use by parlor copy, process"),
            "{output_text}"
        );
    });
}
