//! A store is identified by its file, not by its path: two servers never use one file, and nothing
//! is acknowledged that goes into a file that is no longer at its path.

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::{Client, Exit, Kind, Server, Settings, Sql, Store, judge, parlor};

/// A second data directory, inside the folder of the first.
fn second(store: &Store) -> PathBuf {
    let second = store.folder().join("second");
    fs::create_dir(&second).unwrap();
    second
}

async fn starts_in(store: &Store, folder: &Path) -> Result<Server, Exit> {
    let there = Settings::default().with("PARLOR_DATA_DIR", folder.to_str().unwrap());
    store.try_serve(there).await
}

/// Expects a server to refuse to start with this exit code and text.
async fn does_not_start(store: &Store, folder: &Path, code: i32, why: &str) {
    let Err(exit) = starts_in(store, folder).await else {
        panic!("it serves what another server serves")
    };
    let log = exit.lines.join("\n");
    assert_eq!(exit.code, Some(code), "{log}");
    assert!(log.contains(why), "{log}");
}

async fn alice_after(server: &Server, messages: u32) -> Client {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    for number in 0..messages {
        alice.say("lounge", &format!("word {number}")).await;
    }
    alice
}

/// Returns how many messages a file holds.
async fn messages_in(file: &Path) -> usize {
    let entries = Sql::create(file).entries().await;
    entries.iter().filter(|entry| entry.cid.is_some()).count()
}

fn two_names(name: &str, link: fn(&Path, &Path)) {
    judge(Kind::Sqlite, name, async |store| {
        let server = store.server().await;
        let mut alice = alice_after(&server, 5).await;
        let (file, second) = (store.folder().join("core.db"), second(&store));
        link(&file, &second.join("core.db"));
        does_not_start(&store, &second, 3, "in use by process").await;
        alice.say("lounge", "still here").await;
        assert_eq!(server.stop().await.code, Some(0));
        let other = starts_in(&store, &second).await;
        let other = other.unwrap_or_else(|exit| panic!("{:?}", exit.lines));
        does_not_start(&store, store.folder(), 3, "in use by process").await;
        let mut alice = other.hello(json!({"token": alice.token()})).await;
        alice.say("lounge", "by the other name").await;
        assert_eq!(messages_in(&second.join("core.db")).await, 7);
    });
}

#[test]
fn a_file_with_a_hard_link_has_one_server() {
    two_names("hard link", |file, other| {
        fs::hard_link(file, other).unwrap();
    });
}

#[test]
fn a_file_with_a_symbolic_link_has_one_server() {
    two_names("symbolic link", |file, other| {
        symlink(file, other).unwrap();
    });
}

#[test]
fn a_file_that_two_links_lead_to_before_it_is_made_has_one_server() {
    judge(Kind::Sqlite, "links to nothing", async |store| {
        let (second, third) = (second(&store), store.folder().join("third"));
        fs::create_dir(&third).unwrap();
        for folder in [store.folder(), &*second] {
            symlink(third.join("core.db"), folder.join("core.db")).unwrap();
        }
        let _server = store.server().await;
        does_not_start(&store, &second, 3, "in use by process").await;
    });
}

#[test]
fn after_a_crash_a_file_opens_by_the_name_that_has_its_log_alone() {
    judge(Kind::Sqlite, "the log's name", async |store| {
        let server = store.server().await;
        let alice = alice_after(&server, 20).await;
        let (file, second) = (store.folder().join("core.db"), second(&store));
        server.kill();
        fs::hard_link(&file, second.join("core.db")).unwrap();
        does_not_start(&store, &second, 1, "not closed").await;
        server.start_again().await;
        let mut back = server.hello(json!({"token": alice.token()})).await;
        let page = back.ok("history", json!({"room": "lounge"})).await;
        assert_eq!(page["messages"].as_array().unwrap().len(), 20);
        assert_eq!(server.stop().await.code, Some(0));
        let other = starts_in(&store, &second).await;
        assert!(other.is_ok(), "it was closed, so nothing is in a log");
    });
}

#[test]
fn a_store_and_its_log_are_for_their_owner_alone() {
    judge(Kind::Sqlite, "modes", async |store| {
        let server = store.server().await;
        let _alice = alice_after(&server, 1).await;
        for name in ["core.db", "core.db-wal", "core.db-shm"] {
            let mode = fs::metadata(store.folder().join(name)).unwrap().mode();
            assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
        }
    });
}

/// What is done to the files of a running server.
type Deed = fn(&Path);

/// Does this to the files, and checks that no later send is acknowledged, and how the server
/// reports it and stops.
async fn moved(store: &Store, deed: Deed, cause: &str) -> (Server, Client) {
    let server = store.server().await;
    server.expect_trouble();
    let mut alice = alice_after(&server, 20).await;
    deed(store.folder());
    for number in 0..12 {
        let send = json!({"room": "lounge", "cid": format!("late-{number}"), "body": "late"});
        let id = alice.post("send", send).await;
        match alice.reply_or_close(id).await {
            Ok(reply) => {
                let refusal = reply.expect_err("nothing is acknowledged");
                let names = ["outcome_unknown", "storage_unavailable", "draining"];
                assert!(names.contains(&&*refusal.name), "{}", refusal.all);
            }
            Err(_) => break,
        }
    }
    let exit = server.ended().await;
    let log = exit.lines.join("\n");
    assert_eq!(exit.code, Some(5), "{log}");
    assert!(log.contains("stopped serving this database"), "{log}");
    assert!(log.contains(cause), "{log}");
    (server, alice)
}

/// Returns the only file beside the store that was kept of it.
fn kept(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let kept = files.filter(|file| file.to_str().unwrap().contains("core.db.moved-"));
    kept.last().expect("what was served is kept")
}

fn backup(folder: &Path) {
    let done = Command::new(parlor())
        .args(["backup", folder.join("copy").to_str().unwrap()])
        .env_clear()
        .env("PARLOR_DATA_DIR", folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_file_that_is_replaced_under_the_server_takes_no_acknowledgement() {
    judge(Kind::Sqlite, "replaced", async |store| {
        let replace: Deed = |folder| {
            backup(folder);
            fs::rename(folder.join("copy"), folder.join("core.db")).unwrap();
        };
        let (server, alice) = moved(&store, replace, "was replaced by another file").await;
        assert!(messages_in(&kept(store.folder())).await >= 20);
        store.begins_anew();
        server.start_again().await;
        let back = server.hello(alice.resume()).await;
        let before = &alice.greeting()["epoch"];
        assert_ne!(
            &back.greeting()["epoch"],
            before,
            "another file, another epoch"
        );
        assert_eq!(messages_in(&store.folder().join("core.db")).await, 20);
    });
}

#[test]
fn a_file_that_is_moved_away_takes_no_acknowledgement_and_is_whole() {
    judge(Kind::Sqlite, "moved away", async |store| {
        let away: Deed = |folder| {
            fs::rename(folder.join("core.db"), folder.join("elsewhere")).unwrap();
        };
        let (server, alice) = moved(&store, away, "is gone").await;
        // Without its log.
        let elsewhere = store.folder().join("elsewhere");
        assert!(messages_in(&elsewhere).await >= 20);
        fs::rename(&elsewhere, store.folder().join("core.db")).unwrap();
        store.begins_anew();
        server.start_again().await;
        let mut back = server.hello(json!({"token": alice.token()})).await;
        let page = back.ok("history", json!({"room": "lounge"})).await;
        assert!(page["messages"].as_array().unwrap().len() >= 20);
    });
}

#[test]
fn a_file_that_is_removed_is_kept_all_the_same() {
    judge(Kind::Sqlite, "removed", async |store| {
        let remove: Deed = |folder| fs::remove_file(folder.join("core.db")).unwrap();
        moved(&store, remove, "is gone").await;
        let kept = kept(store.folder());
        assert!(messages_in(&kept).await >= 20);
        // A supervisor restarts it: with an empty store, people would find their accounts gone.
        does_not_start(&store, store.folder(), 1, "is missing or empty").await;
        fs::rename(kept, store.folder().join("core.db")).unwrap();
        store.begins_anew();
        let again = store.server().await;
        assert!(messages_in(&store.folder().join("core.db")).await >= 20);
        again.guest("bob").await;
    });
}

#[test]
fn a_log_that_is_removed_takes_no_acknowledgement_and_loses_nothing() {
    judge(Kind::Sqlite, "log removed", async |store| {
        let remove: Deed = |folder| fs::remove_file(folder.join("core.db-wal")).unwrap();
        let (server, alice) = moved(&store, remove, "core.db-wal is gone").await;
        store.begins_anew();
        server.start_again().await;
        let mut back = server.hello(json!({"token": alice.token()})).await;
        let page = back.ok("history", json!({"room": "lounge"})).await;
        assert!(page["messages"].as_array().unwrap().len() >= 20);
    });
}

#[test]
fn a_silent_server_notices_too_and_says_why() {
    judge(Kind::Sqlite, "silent", async |store| {
        let server = store.server().await;
        server.expect_trouble();
        fs::rename(store.folder().join("core.db"), store.folder().join("away")).unwrap();
        server.logged("stopped serving this database").await;
        let page = server.operator().get("/health/databases").await.json();
        let core: &Value = &page["databases"]["core"];
        assert_eq!(core["condition"], "lost", "{page}");
        assert!(
            core["cause"].as_str().unwrap().contains("is gone"),
            "{page}"
        );
        assert_eq!(server.ended().await.code, Some(5));
    });
}

#[test]
fn a_backup_that_is_put_in_place_by_hand_begins_a_new_epoch_anywhere() {
    judge(Kind::Sqlite, "a backup by hand", async |store| {
        let server = store.server().await;
        let alice = alice_after(&server, 5).await;
        backup(store.folder());
        let second = second(&store);
        fs::rename(store.folder().join("copy"), second.join("core.db")).unwrap();
        assert_eq!(server.stop().await.code, Some(0));
        store.begins_anew();
        let other = starts_in(&store, &second).await.unwrap();
        let back = other.hello(alice.resume()).await;
        let before = &alice.greeting()["epoch"];
        assert_ne!(&back.greeting()["epoch"], before);
        other.crash().await;
        let again = other.hello(back.resume()).await;
        let after = &back.greeting()["epoch"];
        assert_eq!(&again.greeting()["epoch"], after, "once is enough");
    });
}
