//! SQLite's log: it grows during a long read, and not longer.

use serde_json::json;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::{Client, Kind, Place, Server, Sql, Store, judge, judge_at};
use tokio::time::Instant;

/// Longest wait for the log.
const PATIENCE: Duration = Duration::from_secs(60);

const MIB: u64 = 1 << 20;

fn log_bytes(store: &Store) -> u64 {
    fs::metadata(store.folder().join("core.db-wal")).map_or(0, |log| log.len())
}

async fn someone(server: &Server) -> Client {
    let mut someone = server.account("alice").await;
    someone.open("lounge").await;
    someone
}

/// Sends long messages, as many in flight as a connection may have; returns how many were
/// acknowledged.
async fn talk(client: &mut Client, round: &str, messages: u32) -> u32 {
    let body = "x".repeat(3_900);
    let mut acked = 0;
    let mut posted = Vec::new();
    for number in 0..messages {
        let cid = format!("{round}-{number}");
        posted.push(
            client
                .post("send", json!({"room": "lounge", "cid": cid, "body": body}))
                .await,
        );
        if posted.len() == 12 {
            for id in posted.drain(..) {
                acked += u32::from(client.reply(id).await.is_ok());
            }
        }
    }
    for id in posted {
        acked += u32::from(client.reply(id).await.is_ok());
    }
    acked
}

/// Sends messages until the log is this long.
async fn grow(store: &Store, client: &mut Client, bytes: u64) {
    let end = Instant::now() + PATIENCE * 3;
    for round in 0.. {
        if log_bytes(store) >= bytes {
            return;
        }
        assert!(
            Instant::now() < end,
            "the log has {} bytes",
            log_bytes(store)
        );
        talk(client, &format!("grow-{round}"), 120).await;
    }
}

async fn until(what: &str, reached: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !reached() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Holds a read open until dropped.
async fn reader(store: &Store) -> Sql {
    let mut sql = Sql::create(&store.folder().join("core.db"));
    sql.run("BEGIN; SELECT count(*) FROM storage_meta").await;
    sql
}

#[test]
fn the_log_is_cut_soon_after_a_long_read_has_ended_though_nobody_writes() {
    judge(Kind::Sqlite, "a long read", async |store| {
        let server = store.server().await;
        let mut alice = someone(&server).await;
        let reading = reader(&store).await;
        grow(&store, &mut alice, 80 * MIB).await;
        let shown = server
            .scrape()
            .await
            .sum("parlor_db_log_bytes", &[("database", "core")]);
        assert!(shown >= 80.0 * 1_048_576.0, "{shown}");
        drop(reading);
        until("the log is cut", || log_bytes(&store) < MIB).await;
    });
}

/// Fills the disk.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filler");
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap();
    loop {
        match file.write_all(&[0; 4096]) {
            Ok(()) => {}
            Err(why) if why.kind() == ErrorKind::StorageFull => return path,
            Err(why) => panic!("the disk cannot be filled: {why}"),
        }
    }
}

#[test]
fn writes_come_back_by_themselves_when_the_log_had_filled_the_disk() {
    let place = Place::SmallDisk(Kind::Sqlite, 48);
    judge_at(place, "a log that fills the disk", async |store| {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = someone(&server).await;
        let reading = reader(&store).await;
        // A room's head and a marker: the same pages each time, and each time in the log.
        let end = Instant::now() + PATIENCE * 3;
        let mut round = 0;
        while talk_shortly(&mut alice, round).await {
            round += 1;
            assert!(Instant::now() < end, "the disk never fills");
        }
        let before = log_bytes(&store);
        drop(reading);
        let end = Instant::now() + PATIENCE;
        loop {
            let send = json!({"room": "lounge", "cid": "after all", "body": "x"});
            if alice.call("send", send).await.is_ok() {
                break;
            }
            assert!(Instant::now() < end, "writes never come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(log_bytes(&store) < before, "the log was moved and cut");
    });
}

/// Commits many small writes: the log grows, the file hardly does. Returns false if the disk is
/// full.
async fn talk_shortly(client: &mut Client, round: u32) -> bool {
    for number in 0..100 {
        let cid = format!("short-{round}-{number}");
        let send = json!({"room": "lounge", "cid": cid, "body": "x"});
        if client.call("send", send).await.is_err() {
            return false;
        }
    }
    true
}

#[test]
fn a_start_on_a_full_disk_serves_or_says_what_is_wrong() {
    let place = Place::SmallDisk(Kind::Sqlite, 32);
    judge_at(place, "a start on a full disk", async |store| {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = someone(&server).await;
        let acked = talk(&mut alice, "before", 300).await;
        let token = alice.token();
        server.kill();
        let filler = fill(store.folder());
        assert!(log_bytes(&store) > 0, "a crash leaves a log");
        match store.try_serve(tests::Settings::default()).await {
            // The space of the log was enough to begin with.
            Ok(second) => {
                second.expect_trouble();
                let mut back = second.hello(json!({"token": token})).await;
                back.ok("history", json!({"room": "lounge"})).await;
                assert_eq!(second.stop().await.code, Some(0));
            }
            Err(exit) => {
                let log = exit.lines.join("\n");
                assert_eq!(exit.code, Some(1), "{log}");
                assert!(log.contains("its disk is full"), "{log}");
            }
        }
        fs::remove_file(filler).unwrap();
        server.start_again().await;
        let mut back = server.hello(json!({"token": token})).await;
        let stored = store.sql().await.entries().await;
        let kept = stored.iter().filter(|entry| entry.cid.is_some()).count();
        assert_eq!(kept, acked as usize, "all that was acknowledged");
        back.say("lounge", "there is room").await;
    });
}
