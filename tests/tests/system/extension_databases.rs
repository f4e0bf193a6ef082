//! Each extension has a database of its own: beside core's, or where its settings say.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use tests::{
    Client, Kind, Server, Settings, Sql, Store, followed_to_the_end, on_both, on_postgres, tallied,
};

const EXTENSIONS: [&str; 3] = ["tally", "latest", "echo"];

fn followers() -> Settings {
    Settings::default().followers()
}

async fn serve(store: &Store, settings: Settings) -> Server {
    let server = store.serve(settings).await;
    followed_to_the_end(&server, &["tally"]).await;
    server
}

async fn alice_in_the_lounge(server: &Server) -> Client {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    chat(&mut alice, 10).await;
    alice
}

async fn chat(client: &mut Client, messages: i64) {
    for number in 0..messages {
        client.say("lounge", &format!("word {number}")).await;
    }
}

fn output_text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

/// Runs a command that must succeed.
async fn done(store: &Store, settings: Settings, arguments: &[&str]) -> String {
    let output = store.run(settings, arguments).await;
    let said = output_text(&output);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// Waits until the operator's page of a database satisfies this, and returns it.
async fn database(server: &Server, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = tokio::time::Instant::now() + tests::LIMIT;
    loop {
        let page = server.operator().get("/health/databases").await.json();
        let one = &page["databases"][name];
        if wanted(one) {
            return one.clone();
        }
        assert!(tokio::time::Instant::now() < end, "{name}: {one}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn is_connected(page: &Value) -> bool {
    page["condition"] == "connected"
}

/// Whether the follower had to begin again since the server's last start.
fn began_again(server: &Server) -> bool {
    let lines = server.lines();
    lines.iter().any(|line| line.contains("begins again"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Returns the URL of a new database of the same kind as the store's, which is no schema in it.
async fn elsewhere(store: &Store) -> String {
    if store.kind() == Kind::Sqlite {
        return format!(
            "sqlite:{}",
            store.folder().join("elsewhere/tally.db").display()
        );
    }
    store.another_database("elsewhere").await
}

on_both! {
    async fn two_databases_have_pools_health_metrics_and_resets_of_their_own(store: Store) {
        let server = serve(&store, followers().with("TALLY_DB_POOL_MAX", "3")).await;
        let mut alice = alice_in_the_lounge(&server).await;
        tallied(&store, &server).await;
        let mut epochs = Vec::new();
        for name in EXTENSIONS {
            let page = database(&server, name, is_connected).await;
            assert_eq!(page["critical"], false, "{page}");
            epochs.push(page["epoch"].as_str().unwrap().to_owned());
            let file = store.folder().join(format!("{name}.db"));
            assert_eq!(file.exists(), store.kind() == Kind::Sqlite, "{name}");
        }
        epochs.push(database(&server, "core", is_connected).await["epoch"].as_str().unwrap().to_owned());
        epochs.sort();
        epochs.dedup();
        assert_eq!(epochs.len(), 4, "none is another: {epochs:?}");
        let pools = server.operator().get("/health/db-pool").await.ok();
        assert_eq!(pools["databases"]["tally"]["max"], 3);
        assert_eq!(pools["databases"]["latest"]["max"], 5);
        let metrics = server.scrape().await;
        for (name, max) in [("tally", 3.0), ("latest", 5.0)] {
            let labels = [("database", name)];
            let found = metrics.sum("parlor_db_pool_max", &labels);
            assert!((found - max).abs() < 0.5, "{name}: {found}");
        }
        for name in ["tally", "latest"] {
            let path = format!("/databases/{name}/reset");
            let reset = server.operator().post(&path, &json!({})).await.ok();
            assert_eq!(reset["condition"], "connected", "{reset}");
            chat(&mut alice, 3).await;
        }
        tallied(&store, &server).await;
    }

    async fn a_database_that_is_not_listed_leaves_out_its_extension(store: Store) {
        let server = serve(&store, followers().with("DATABASES", "core,tally")).await;
        let log = server.lines().join("\n");
        for name in ["latest", "echo"] {
            let line = server.lines().into_iter().find(|line| {
                line.contains("left out an extension") && line.contains(name)
            });
            assert!(line.is_some(), "{name} is not mentioned:\n{log}");
            assert_eq!(server.operator().get(&format!("/health/{name}")).await.status, 404);
        }
        let _alice = alice_in_the_lounge(&server).await;
        tallied(&store, &server).await;
    }

    async fn all_databases_are_migrated_before_any_server_runs(store: Store) {
        let said = done(&store, followers(), &["migrate"]).await;
        for name in ["core", "tally", "latest", "echo"] {
            let line = said.lines().find(|line| line.starts_with(&format!("{name}: 20")));
            assert!(line.is_some(), "{name}: {said}");
        }
        let again = done(&store, followers(), &["migrate"]).await;
        assert!(again.contains("tally: up to date"), "{again}");
        let server = serve(&store, followers()).await;
        let _alice = alice_in_the_lounge(&server).await;
        tallied(&store, &server).await;
        let refused = store.run(followers(), &["migrate"]).await;
        assert_eq!(refused.status.code(), Some(3), "{}", output_text(&refused));
    }

    async fn a_database_moves_elsewhere_and_back_with_how_far_it_is(store: Store) {
        let server = serve(&store, followers()).await;
        let alice = alice_in_the_lounge(&server).await;
        tallied(&store, &server).await;
        assert_eq!(server.stop().await.code, Some(0));
        let target = elsewhere(&store).await;
        let copy = ["copy", "--database", "tally", "--to", &target];
        let said = done(&store, followers(), &copy).await;
        assert!(said.contains("TALLY_DB_URL"), "{said}");
        let there = followers().with("TALLY_DB_URL", &target);
        done(&store, there.clone(), &["new-epoch", "--database", "tally"]).await;

        let server = serve(&store, there).await;
        let mut alice = server.resume(&alice).await;
        chat(&mut alice, 10).await;
        followed_to_the_end(&server, &["tally"]).await;
        assert!(!began_again(&server), "it goes on where it was");
        assert_eq!(server.stop().await.code, Some(0));

        store.lose_extension("tally").await;
        let back = ["copy", "--database", "tally", "--from", &target];
        done(&store, followers(), &back).await;
        let server = serve(&store, followers()).await;
        tallied(&store, &server).await;
        assert!(!began_again(&server), "it goes on where it was");
    }

    async fn a_database_that_another_server_uses_is_waited_for_while_people_chat(store: Store) {
        let target = elsewhere(&store).await;
        let shared = followers().with("TALLY_DB_URL", &target);
        let first = serve(&store, shared.clone()).await;
        let core = format!("sqlite:{}", store.folder().join("second/core.db").display());
        let folder = store.folder().join("second");
        let second = store
            .serve(shared.with("PARLOR_DATA_DIR", text(&folder)).with("CORE_DB_URL", &core))
            .await;
        second.expect_trouble();
        let page = database(&second, "tally", |page| {
            page["cause"].as_str().is_some_and(|cause| cause.contains("in use by"))
        })
        .await;
        assert!(page["cause"].as_str().unwrap().contains("process"), "{page}");
        let mut bob = second.account("bob").await;
        bob.open("lobby").await;
        bob.say("lobby", "nobody waits").await;
        followed_to_the_end(&second, &["latest"]).await;
        assert_eq!(first.stop().await.code, Some(0));
        database(&second, "tally", is_connected).await;
        followed_to_the_end(&second, &["tally"]).await;
        assert!(began_again(&second), "it followed the other server's rooms");
    }
}

on_postgres! {
    async fn a_role_that_may_not_create_the_schema_is_told_what_it_needs_while_people_chat(store: Store) {
        let mut sql = store.sql().await;
        let role = format!("limited_{:x}", rand::random::<u64>());
        sql.run(&format!("CREATE ROLE {role} LOGIN; GRANT USAGE, CREATE ON SCHEMA public TO {role}")).await;
        let environment = store.environment(followers()).await;
        let url = environment["CORE_DB_URL"].replacen("parlor@", &format!("{role}@"), 1);
        let server = store.serve(followers().with("CORE_DB_URL", &url)).await;
        server.expect_trouble();
        let remedy = format!("CREATE SCHEMA tally AUTHORIZATION {role}");
        let page = database(&server, "tally", |page| {
            page["cause"].as_str().is_some_and(|cause| cause.contains(&remedy))
        })
        .await;
        assert!(page["cause"].as_str().unwrap().contains("TALLY_DB_URL"), "{page}");
        server.logged(&remedy).await;
        let mut alice = alice_in_the_lounge(&server).await;
        for name in EXTENSIONS {
            sql.run(&format!("CREATE SCHEMA {name} AUTHORIZATION {role}")).await;
        }
        followed_to_the_end(&server, &EXTENSIONS).await;
        chat(&mut alice, 3).await;
        tallied(&store, &server).await;
        assert_eq!(server.stop().await.code, Some(0));
        sql.run(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).await;
    }
}

#[test]
fn an_extensions_file_is_backed_up_while_it_is_used_and_restored() {
    tests::judge(Kind::Sqlite, "an extension's backup", async |store| {
        let server = serve(&store, followers()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        tallied(&store, &server).await;
        let file = store.folder().join("tally.backup");
        let backup = ["backup", "--database", "tally", text(&file)];
        done(&store, followers(), &backup).await;
        chat(&mut alice, 10).await;
        tallied(&store, &server).await;
        let restore = ["restore", "--database", "tally", text(&file)];
        let refused = store.run(followers(), &restore).await;
        assert_eq!(refused.status.code(), Some(3), "{}", output_text(&refused));
        assert_eq!(server.stop().await.code, Some(0));
        done(&store, followers(), &restore).await;
        server.start_again().await;
        tallied(&store, &server).await;
        assert!(!began_again(&server), "it goes on from the backup");
    });
}

/// The way from files to PostgreSQL and back.
#[test]
fn an_extensions_data_moves_from_a_file_into_a_schema_and_back() {
    tests::judge(Kind::Postgres, "from a file into a schema", async |store| {
        let schemas = followers();
        let core = format!("sqlite:{}", store.folder().join("core.db").display());
        let files = schemas.clone().with("CORE_DB_URL", &core);
        let server = serve(&store, files.clone()).await;
        let alice = alice_in_the_lounge(&server).await;
        followed_to_the_end(&server, &EXTENSIONS).await;
        assert_eq!(server.stop().await.code, Some(0));
        let file = |name: &str| {
            format!(
                "sqlite:{}",
                store.folder().join(format!("{name}.db")).display()
            )
        };
        let copy = ["copy", "--database", "core", "--from", &file("core")];
        done(&store, schemas.clone(), &copy).await;
        for name in EXTENSIONS {
            // A file of the database's own name goes on being used.
            let moved = format!("{name}-moved");
            let path = |name: &str| store.folder().join(format!("{name}.db"));
            std::fs::rename(path(name), path(&moved)).unwrap();
            let copy = ["copy", "--database", name, "--from", &file(&moved)];
            done(&store, schemas.clone(), &copy).await;
        }
        // Core has a new epoch, so that every follower begins again.
        let server = serve(&store, schemas.clone()).await;
        assert!(began_again(&server));
        store.begins_anew();
        let mut alice = server.hello(json!({"token": alice.token()})).await;
        chat(&mut alice, 5).await;
        tallied(&store, &server).await;
        assert_eq!(server.stop().await.code, Some(0));
        let back = store.folder().join("back.db");
        let copy = [
            "copy",
            "--database",
            "tally",
            "--to",
            &format!("sqlite:{}", back.display()),
        ];
        done(&store, schemas, &copy).await;
        let applied = "SELECT count(*) AS count FROM applied";
        let there = Sql::create(&back).number(applied).await;
        let here = store
            .sql()
            .await
            .number("SELECT count(*) AS count FROM tally.applied")
            .await;
        assert_eq!(there, here);
    });
}
