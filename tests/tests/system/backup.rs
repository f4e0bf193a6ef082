//! Data replaced by older data: no client goes on as if nothing had happened.

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tests::{Client, Kind, Server, Settings, Sql, Store, judge, on_both, parlor};

/// Runs a command of the binary on the data of this store.
async fn parlor_on(store: &Store, arguments: &[&str]) -> Output {
    let environment = store.environment(Settings::default()).await;
    let mut command = Command::new(parlor());
    command.args(arguments).env_clear().envs(environment);
    ended(command).await
}

async fn ended(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn output_text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

/// Runs a command that must succeed.
async fn done(store: &Store, arguments: &[&str]) -> String {
    let output = parlor_on(store, arguments).await;
    assert_eq!(
        output.status.code(),
        Some(0),
        "{arguments:?}: {}",
        output_text(&output)
    );
    output_text(&output)
}

/// Runs a command that must fail with this exit code and text.
async fn refused(store: &Store, arguments: &[&str], code: i32, why: &str) {
    let output = parlor_on(store, arguments).await;
    let output_text = output_text(&output);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {output_text}"
    );
    assert!(output_text.contains(why), "{arguments:?}: {output_text}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn chat(client: &mut Client, what: &str, messages: u32) -> i64 {
    let mut seq = 0;
    for number in 0..messages {
        let ack = client.say("lounge", &format!("{what} {number}")).await;
        seq = ack["seq"].as_i64().unwrap();
    }
    client.reach("lounge", seq).await;
    seq
}

/// Joins the lounge and sends this many messages, which are to be kept.
async fn alice_after(server: &Server, messages: u32) -> Client {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    chat(&mut alice, "kept", messages).await;
    alice
}

/// Joins the lounge.
async fn bob_of(server: &Server) -> Client {
    let mut bob = server.account("bob").await;
    bob.ok("join", json!({"room": "lounge"})).await;
    bob
}

fn epoch(client: &Client) -> String {
    client.greeting()["epoch"].as_str().unwrap().to_owned()
}

/// Returns all message bodies that a client reads page by page.
async fn bodies(client: &mut Client) -> Vec<String> {
    let page = client
        .ok("history", json!({"room": "lounge", "limit": 200}))
        .await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["body"].as_str().unwrap().to_owned())
        .collect()
}

/// Resumes with an old cursor and epoch, and expects to be reset.
async fn comes_back_to_a_reset(server: &Server, resume: Value) -> Client {
    let before = resume["epoch"].clone();
    let mut back = server.hello(resume).await;
    let greeting = back.greeting().clone();
    assert_ne!(greeting["epoch"], before, "{greeting}");
    assert_eq!(greeting["resumed"], false, "{greeting}");
    assert_eq!(greeting["rooms"]["lounge"]["reset"], true, "{greeting}");
    back.push("resumed", "").await;
    back
}

#[test]
fn a_backup_while_people_chat_is_restored_and_nothing_is_mixed() {
    judge(Kind::Sqlite, "backup and restore", async |store| {
        let server = store.server().await;
        let mut alice = alice_after(&server, 20).await;
        let file = store.folder().join("copy");
        let arguments = ["backup", text(&file)];
        let ((), output) = tokio::join!(
            async {
                chat(&mut alice, "meanwhile", 200).await;
            },
            parlor_on(&store, &arguments)
        );
        assert_eq!(output.status.code(), Some(0), "{}", output_text(&output));
        let head = chat(&mut alice, "lost", 50).await;
        let old = alice.resume();
        alice.vanish();
        assert_eq!(server.stop().await.code, Some(0));

        let said = done(&store, &["restore", text(&file)]).await;
        assert!(
            said.contains("before-restore-"),
            "what was there is kept: {said}"
        );
        store.begins_anew();
        let again = store.server().await;
        let mut bob = bob_of(&again).await;
        let restored = bob.cursor("lounge");
        assert!(restored < head, "{restored} is older than {head}");
        while bob.cursor("lounge") <= head {
            chat(&mut bob, "new", 10).await;
        }
        let mut alice = comes_back_to_a_reset(&again, old).await;
        let seq = chat(&mut bob, "live", 1).await;
        alice.reach("lounge", seq).await;
        let seen = bodies(&mut alice).await;
        assert_eq!(seen, bodies(&mut bob).await);
        assert!(
            !seen.iter().any(|body| body.starts_with("lost")),
            "{seen:?}"
        );
        let stored = Sql::create(&store.folder().join("core.db")).entries().await;
        let bodies = stored.iter().filter_map(|entry| entry.body.as_deref());
        let kept = bodies
            .clone()
            .filter(|body| body.starts_with("kept"))
            .count();
        assert_eq!(kept, 20, "all that was acknowledged before the backup");
        assert_eq!(bodies.filter(|body| body.starts_with("lost")).count(), 0);
    });
}

#[test]
fn a_backup_overwrites_nothing_and_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    judge(Kind::Sqlite, "backup refuses", async |store| {
        let file = store.folder().join("copy");
        refused(&store, &["backup", text(&file)], 2, "there is no store at").await;
        let server = store.server().await;
        done(&store, &["backup", text(&file)]).await;
        let bytes = std::fs::read(&file).unwrap();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
        refused(&store, &["backup", text(&file)], 2, "exists already").await;
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
        let left = std::fs::read_dir(store.folder()).unwrap();
        for file in left {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains("partial"), "{name} is left");
        }
        std::fs::remove_file(&file).unwrap();
        server.stop().await;
    });
}

#[test]
fn a_store_that_is_served_is_not_restored() {
    judge(
        Kind::Sqlite,
        "restore refuses a served store",
        async |store| {
            let file = store.folder().join("copy");
            let server = store.server().await;
            done(&store, &["backup", text(&file)]).await;
            refused(&store, &["restore", text(&file)], 3, "in use by process").await;
            refused(&store, &["new-epoch"], 3, "in use by process").await;
            server.guest("alice").await;
        },
    );
}

#[test]
fn what_is_no_whole_backup_is_not_restored() {
    judge(Kind::Sqlite, "restore refuses rubbish", async |store| {
        let server = store.server().await;
        let alice = alice_after(&server, 300).await;
        let good = store.folder().join("copy");
        done(&store, &["backup", text(&good)]).await;
        let before = epoch(&alice);
        let resume = alice.resume();
        alice.vanish();
        assert_eq!(server.stop().await.code, Some(0));

        let other = store.folder().join("other");
        let restore = ["restore", text(&other)];
        refused(&store, &restore, 2, "there is no store at").await;
        std::fs::write(&other, "a diary").unwrap();
        refused(&store, &restore, 1, "not a database").await;
        std::fs::remove_file(&other).unwrap();
        Sql::create(&other)
            .run("CREATE TABLE recipes (text TEXT)")
            .await;
        refused(&store, &restore, 1, "not a store of Parlor").await;
        let mut bytes = std::fs::read(&good).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(7);
        std::fs::write(&other, bytes).unwrap();
        refused(&store, &restore, 1, "cannot be used").await;
        std::fs::remove_file(&other).unwrap();
        let store_itself = store.folder().join("core.db");
        refused(
            &store,
            &["restore", text(&store_itself)],
            2,
            "the store itself",
        )
        .await;

        let again = store.server().await;
        let back = again.hello(resume).await;
        assert_eq!(epoch(&back), before, "nothing has changed");
    });
}

#[test]
fn a_store_whose_file_is_lost_is_restored_from_a_backup() {
    judge(Kind::Sqlite, "restore into nothing", async |store| {
        let server = store.server().await;
        let alice = alice_after(&server, 20).await;
        let backup = store.folder().join("copy");
        done(&store, &["backup", text(&backup)]).await;
        let resume = alice.resume();
        alice.vanish();
        server.kill();
        for suffix in ["", "-wal", "-shm", ".mark", ".lock"] {
            let _ = std::fs::remove_file(store.folder().join(format!("core.db{suffix}")));
        }
        done(&store, &["restore", text(&backup)]).await;
        std::fs::remove_file(&backup).unwrap();
        store.begins_anew();
        let again = store.server().await;
        let mut back = comes_back_to_a_reset(&again, resume).await;
        assert_eq!(bodies(&mut back).await.len(), 20);
    });
}

#[test]
fn a_restore_that_is_cut_off_leaves_the_one_store_or_the_other() {
    judge(Kind::Sqlite, "restore cut off", async |store| {
        let server = store.server().await;
        let mut alice = alice_after(&server, 300).await;
        let file = store.folder().join("copy");
        done(&store, &["backup", text(&file)]).await;
        chat(&mut alice, "late", 5).await;
        let mut before = epoch(&alice);
        let token = alice.token();
        alice.vanish();
        server.kill();
        let mut restored = 0;
        for attempt in 0..16 {
            let environment = store.environment(Settings::default()).await;
            let mut restore = Command::new(parlor());
            restore
                .args(["restore", text(&file)])
                .env_clear()
                .envs(environment)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut restore = restore.spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(attempt * 10)).await;
            restore.kill().unwrap();
            restore.wait().unwrap();
            store.begins_anew();
            server.start_again().await;
            let mut alice = server.hello(json!({"token": token})).await;
            let seen = bodies(&mut alice).await;
            let is_old = seen.iter().any(|body| body.starts_with("late"));
            if !is_old {
                assert_ne!(epoch(&alice), before, "attempt {attempt}");
                restored += 1;
                alice.say("lounge", "late again").await;
            }
            before = epoch(&alice);
            alice.vanish();
            server.kill();
        }
        println!("{restored} of 16 were quicker than the kill");
        server.start_again().await;
    });
}

/// Returns the log lines about a new epoch at the start.
fn noticed(server: &Server) -> usize {
    let lines = server.lines();
    lines
        .iter()
        .filter(|line| line.contains("gave it a new epoch"))
        .count()
}

#[test]
fn a_copy_put_back_by_hand_gets_a_new_epoch_by_itself() {
    judge(Kind::Sqlite, "a copy by hand", async |store| {
        let server = store.server().await;
        let alice = alice_after(&server, 5).await;
        let resume = alice.resume();
        alice.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        let (file, copy) = (store.folder().join("core.db"), store.folder().join("copy"));
        std::fs::copy(&file, &copy).unwrap();

        server.start_again().await;
        let mut alice = server.hello(resume).await;
        let head = chat(&mut alice, "lost", 5).await;
        let old = alice.resume();
        alice.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        assert_eq!(noticed(&server), 0);
        std::fs::rename(&copy, &file).unwrap();
        store.begins_anew();

        server.start_again().await;
        assert_eq!(noticed(&server), 1);
        let mut bob = bob_of(&server).await;
        assert!(chat(&mut bob, "new", 20).await > head);
        let mut back = comes_back_to_a_reset(&server, old).await;
        assert_eq!(bodies(&mut back).await, bodies(&mut bob).await);
        let new = epoch(&back);
        server.crash().await;
        let back = server.hello(back.resume()).await;
        assert_eq!(epoch(&back), new, "once is enough");
    });
}

#[test]
fn no_kill_at_any_moment_changes_the_epoch() {
    judge(Kind::Sqlite, "kills keep the epoch", async |store| {
        // The mark is written as often as possible.
        let often = Settings::default().with("CORE_DB_MARK_EVERY_MS", "10");
        let server = store.serve(often).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let first = epoch(&alice);
        for kill in 0..12 {
            let until = Duration::from_millis(rand_ms(kill));
            let _ = tokio::time::timeout(until, async {
                for number in 0.. {
                    let cid = format!("{kill}-{number}");
                    alice
                        .post("send", json!({"room": "lounge", "cid": cid, "body": "x"}))
                        .await;
                    tokio::task::yield_now().await;
                }
            })
            .await;
            let resume = alice.resume();
            server.crash().await;
            alice.vanish();
            assert_eq!(noticed(&server), 0, "kill {kill}");
            alice = server.hello(resume).await;
            assert_eq!(epoch(&alice), first, "kill {kill}");
        }
        let file = store.folder().join("core.db.mark");
        let mark: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert!(
            mark["rowid"].as_i64().unwrap() > 12,
            "the mark moved on: {mark}"
        );
    });
}

/// Returns delays from 20 to 240 ms, all different.
fn rand_ms(kill: u64) -> u64 {
    20 + kill * 20
}

on_both! {
    async fn a_new_epoch_is_taken_when_the_operator_says_so(store: Store) {
        let server = store.server().await;
        let alice = alice_after(&server, 5).await;
        let resume = alice.resume();
        alice.vanish();
        refused(&store, &["new-epoch"], 3, "in use by").await;
        assert_eq!(server.stop().await.code, Some(0));
        let said = done(&store, &["new-epoch"]).await;
        store.begins_anew();
        server.start_again().await;
        assert_eq!(noticed(&server), 0, "it was no surprise");
        let mut back = comes_back_to_a_reset(&server, resume).await;
        let new = epoch(&back);
        assert!(said.contains(new.split('-').next().unwrap()), "{said}");
        assert_eq!(bodies(&mut back).await.len(), 5);
    }
}

#[test]
fn postgres_is_backed_up_with_its_own_tools() {
    judge(Kind::Postgres, "pg_dump", async |store| {
        let server = store.server().await;
        refused(&store, &["backup", "copy"], 2, "pg_dump").await;
        refused(&store, &["restore", "copy"], 2, "pg_restore").await;
        let mut alice = alice_after(&server, 20).await;
        let environment = store.environment(Settings::default()).await;
        let url = environment["CORE_DB_URL"].clone();
        let file = store.folder().join("copy");
        let mut dump = Command::new("pg_dump");
        dump.args(["--format=custom", "--file", text(&file), &url]);
        let dumped = ended(dump).await;
        assert!(dumped.status.success(), "{}", output_text(&dumped));
        let head = chat(&mut alice, "lost", 20).await;
        let old = alice.resume();
        alice.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        let mut restore = Command::new("pg_restore");
        restore.args(["--clean", "--if-exists", "--single-transaction"]);
        restore.args(["--dbname", &url, text(&file)]);
        let restored = ended(restore).await;
        assert!(restored.status.success(), "{}", output_text(&restored));
        done(&store, &["new-epoch"]).await;
        store.begins_anew();
        server.start_again().await;
        let mut bob = bob_of(&server).await;
        assert!(chat(&mut bob, "new", 30).await > head);
        let mut back = comes_back_to_a_reset(&server, old).await;
        assert_eq!(bodies(&mut back).await, bodies(&mut bob).await);
    });
}
