//! A PostgreSQL store that is restored to an earlier state without notice, by whatever means:
//! clients of later states are reset.

use std::path::Path;
use std::process::Command;
use tests::{Client, Kind, Place, Server, Settings, Store, judge, judge_at};

const ROOM: &str = "lounge";

async fn alice_after(server: &Server, messages: u32) -> Client {
    let mut alice = server.account("alice").await;
    alice.open(ROOM).await;
    say(&mut alice, messages).await;
    alice
}

async fn say(client: &mut Client, messages: u32) {
    let mut seq = 0;
    for number in 0..messages {
        let ack = client.say(ROOM, &format!("word {number}")).await;
        seq = ack["seq"].as_i64().unwrap();
    }
    client.reach(ROOM, seq).await;
}

async fn url(store: &Store) -> String {
    store.environment(Settings::default()).await["CORE_DB_URL"].clone()
}

async fn run(program: &'static str, arguments: Vec<String>) {
    let ended = tokio::task::spawn_blocking(move || {
        Command::new(program).args(arguments).output().unwrap()
    });
    let ended = ended.await.unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{program}: {stderr}");
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

async fn dump(url: &str, file: &Path) {
    run(
        "pg_dump",
        words(&format!("--format=custom --file {} {url}", file.display())),
    )
    .await;
}

async fn restore(how: &str, url: &str, file: &Path) {
    let arguments = format!(
        "{how} --single-transaction --dbname {url} {}",
        file.display()
    );
    run("pg_restore", words(&arguments)).await;
}

async fn administer(url: &str, statements: &[&str]) {
    let (server, _) = url.rsplit_once('/').unwrap();
    let mut arguments = vec![format!("{server}/postgres")];
    for statement in statements {
        arguments.extend(["--command".to_owned(), (*statement).to_owned()]);
    }
    run("psql", arguments).await;
}

/// Returns the name of the database in this URL.
fn name(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

/// Checks that clients that are ahead of the store are reset, once.
async fn begins_anew(store: &Store, server: &Server, old: &Client) {
    store.begins_anew();
    server.start_again().await;
    let resume = old.resume();
    let mut back = server.hello(resume.clone()).await;
    let greeting = back.greeting().clone();
    assert_ne!(greeting["epoch"], resume["epoch"], "{greeting}");
    assert_eq!(greeting["resumed"], false, "{greeting}");
    assert_eq!(greeting["rooms"][ROOM]["reset"], true, "{greeting}");
    back.push("resumed", "").await;
    say(&mut back, 3).await;
    server.crash().await;
    let again = server.hello(back.resume()).await;
    assert_eq!(
        again.greeting()["epoch"],
        greeting["epoch"],
        "once is enough"
    );
}

/// Sends 20 messages, calls `keep`, sends 50 more, stops, calls `put_back`, and starts again.
fn goes_back(what: &str, keep: &impl AsyncFn(&str, &Path), put_back: &impl AsyncFn(&str, &Path)) {
    judge(Kind::Postgres, what, async |store| {
        let server = store.server().await;
        let mut alice = alice_after(&server, 20).await;
        let (url, file) = (url(&store).await, store.folder().join("kept"));
        keep(&url, &file).await;
        say(&mut alice, 50).await;
        server.kill();
        put_back(&url, &file).await;
        begins_anew(&store, &server, &alice).await;
    });
}

#[test]
fn a_dump_that_is_restored_over_the_store_is_noticed() {
    goes_back("restored over", &dump, &async |url, file| {
        restore("--clean --if-exists", url, file).await;
    });
}

#[test]
fn a_dump_that_is_restored_into_a_new_database_is_noticed() {
    goes_back("restored anew", &dump, &async |url, file| {
        let name = name(url);
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        administer(url, &[&drop, &format!("CREATE DATABASE {name}")]).await;
        restore("", url, file).await;
    });
}

#[test]
fn rows_that_are_loaded_into_emptied_tables_are_noticed() {
    goes_back("rows alone", &dump, &async |url, file| {
        let all =
            "DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I', tablename), ',')
            FROM pg_tables WHERE schemaname = 'public'); END $$";
        run(
            "psql",
            vec![url.to_owned(), "--command".to_owned(), all.to_owned()],
        )
        .await;
        restore("--data-only --disable-triggers", url, file).await;
    });
}

#[test]
fn a_copy_by_template_that_takes_the_stores_name_is_noticed() {
    judge(Kind::Postgres, "template", async |store| {
        let server = store.server().await;
        let alice = alice_after(&server, 20).await;
        assert_eq!(server.stop().await.code, Some(0));
        let url = url(&store).await;
        let name = name(&url);
        administer(
            &url,
            &[&format!("CREATE DATABASE {name}_kept TEMPLATE {name}")],
        )
        .await;
        server.start_again().await;
        let mut later = server.hello(alice.resume()).await;
        say(&mut later, 50).await;
        assert_eq!(server.stop().await.code, Some(0));
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        let rename = format!("ALTER DATABASE {name}_kept RENAME TO {name}");
        administer(&url, &[&drop, &rename]).await;
        begins_anew(&store, &server, &later).await;
    });
}

#[test]
fn a_dump_that_is_restored_under_the_server_is_noticed() {
    judge(Kind::Postgres, "restored under", async |store| {
        let often = Settings::default().with("CORE_DB_MARK_EVERY_MS", "100");
        let server = store.serve(often).await;
        server.expect_trouble();
        let mut alice = alice_after(&server, 20).await;
        let (url, file) = (url(&store).await, store.folder().join("kept"));
        dump(&url, &file).await;
        say(&mut alice, 50).await;
        restore("--clean --if-exists", &url, &file).await;
        store.begins_anew();
        // It is noticed at the next check of the mark, which follows a write.
        server.register("bob").await;
        server.logged("gave it a new epoch").await;
        server.logged("the store's epoch has changed").await;
        // That closes all sockets, including one that has just connected.
        let greeting = loop {
            let mut back = server.connect().await;
            let id = back.post("hello", alice.resume()).await;
            if let Ok(reply) = back.reply_or_close(id).await {
                break reply.unwrap();
            }
        };
        assert_eq!(greeting["resumed"], false, "{greeting}");
        assert_eq!(greeting["rooms"][ROOM]["reset"], true, "{greeting}");
    });
}

#[test]
fn nothing_that_leaves_the_data_as_it_is_changes_the_epoch() {
    judge_at(Place::Alone, "ordinary life", async |store| {
        let server = store.server().await;
        let mut alice = alice_after(&server, 20).await;
        let url = url(&store).await;
        let epoch = alice.greeting()["epoch"].clone();
        for step in ["restart", "crash", "vacuum", "freeze", "lost marks"] {
            match step {
                "restart" => assert_eq!(server.stop().await.code, Some(0)),
                "vacuum" => {
                    server.kill();
                    let vacuum = ["--command", "VACUUM FULL"].map(str::to_owned);
                    run("psql", [std::slice::from_ref(&url), &vacuum[..]].concat()).await;
                }
                "freeze" => {
                    server.kill();
                    let freeze = ["--command", "VACUUM FREEZE"].map(str::to_owned);
                    run("psql", [std::slice::from_ref(&url), &freeze[..]].concat()).await;
                }
                "lost marks" => {
                    server.kill();
                    // The server runs on another machine, whose own file knows nothing.
                    let _ = std::fs::remove_file(store.folder().join("core.mark"));
                }
                _ => server.kill(),
            }
            server.start_again().await;
            alice = server.hello(alice.resume()).await;
            assert_eq!(alice.greeting()["epoch"], epoch, "after {step}");
            assert_eq!(alice.greeting()["resumed"], true, "after {step}");
            alice.push("resumed", "").await;
            say(&mut alice, 3).await;
        }
    });
}
