//! What followers do after a loss: of their database, of the rooms' store, of old entries.

use serde_json::json;
use std::time::Duration;
use tests::{
    Client, Followed, Kind, Server, Settings, Store, followed_to_the_end, judge, on_both, tallied,
};

fn followers() -> Settings {
    Settings::default().followers()
}

async fn chat(client: &mut Client, messages: i64) {
    for number in 0..messages {
        client.say("lounge", &format!("word {number}")).await;
    }
}

async fn alice_in_the_lounge(server: &Server) -> Client {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    alice
}

const ALL: [&str; 3] = ["tally", "latest", "echo"];

/// Starts a server, and waits until all of them follow.
async fn serve(store: &Store, settings: Settings) -> Server {
    let server = store.serve(settings).await;
    followed_to_the_end(&server, &ALL).await;
    server
}

async fn latest(store: &Store) -> i64 {
    let query = "SELECT count(*) AS count FROM latest.applied";
    Followed::of(store).await.number(query).await
}

async fn succeeds(store: &Store, arguments: &[&str]) -> String {
    let output = store.run(followers(), arguments).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// Makes all entries of the lounge up to this one three days old.
async fn age(store: &Store, upto: i64) {
    let statement = format!(
        "UPDATE entries SET at = at - 259200000 WHERE seq <= {upto} AND room_id =
            (SELECT id FROM rooms WHERE key = 'lounge'); DELETE FROM room_ages"
    );
    store.sql().await.run(&statement).await;
    store.begins_anew();
}

fn keeping_a_day(settings: Settings) -> Settings {
    settings.with("PARLOR_RETENTION_DAYS", "1")
}

/// Waits until retention has left the lounge's entries from this one on.
async fn begins_at(store: &Store, seq: i64) {
    let query = "SELECT kept_from AS count FROM rooms WHERE key = 'lounge'";
    let mut sql = store.sql().await;
    let end = tokio::time::Instant::now() + tests::LIMIT;
    while sql.number(query).await != seq {
        assert!(tokio::time::Instant::now() < end, "nothing is deleted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns how often `tally` was told of retention, and up to which entry.
async fn told(store: &Store) -> (i64, i64) {
    let mut followed = Followed::of(store).await;
    let times = "SELECT count(*) AS count FROM tally.forgotten";
    let last = "SELECT coalesce(max(kept_from), 0) AS count FROM tally.forgotten";
    (followed.number(times).await, followed.number(last).await)
}

on_both! {
    async fn a_database_that_was_lost_is_built_anew(store: Store) {
        let server = serve(&store, followers()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        chat(&mut alice, 30).await;
        tallied(&store, &server).await;
        server.kill();
        server.ended().await;
        store.lose_extension("tally").await;
        store.lose_extension("latest").await;
        server.start_again().await;
        let mut alice = server.resume(&alice).await;
        followed_to_the_end(&server, &["latest"]).await;
        assert_eq!(latest(&store).await, 0, "it begins with what comes now");
        chat(&mut alice, 5).await;
        tallied(&store, &server).await;
        followed_to_the_end(&server, &["latest"]).await;
        assert_eq!(latest(&store).await, 5);
    }

    async fn a_database_that_was_lost_under_the_server_is_built_anew_after_a_reset(store: Store) {
        let server = serve(&store, followers()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        chat(&mut alice, 10).await;
        tallied(&store, &server).await;
        server.expect_trouble();
        store.lose_extension("tally").await;
        chat(&mut alice, 10).await;
        let reset = server.operator().post("/databases/tally/reset", &json!({})).await.ok();
        assert_eq!(reset["condition"], "connected", "{reset}");
        chat(&mut alice, 5).await;
        tallied(&store, &server).await;
    }

    async fn a_new_epoch_makes_everyone_begin_again(store: Store) {
        let server = serve(&store, followers()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        chat(&mut alice, 20).await;
        tallied(&store, &server).await;
        followed_to_the_end(&server, &["latest"]).await;
        assert!(latest(&store).await >= 20);
        assert_eq!(server.stop().await.code, Some(0));
        succeeds(&store, &["new-epoch"]).await;
        store.begins_anew();
        server.start_again().await;
        for name in ["tally", "latest", "echo"] {
            let line = server.logged("the rooms belong to another store").await;
            assert!(line.contains("extension"), "{name}: {line}");
        }
        followed_to_the_end(&server, &["latest"]).await;
        assert_eq!(latest(&store).await, 0);
        let mut alice = server.resume(&alice).await;
        chat(&mut alice, 5).await;
        tallied(&store, &server).await;
    }

    async fn retention_is_told_once_also_if_it_was_at_work_while_nobody_followed(store: Store) {
        let server = serve(&store, followers()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        chat(&mut alice, 30).await;
        tallied(&store, &server).await;
        assert_eq!(server.stop().await.code, Some(0));
        age(&store, 10).await;

        // It follows when retention is at work.
        let server = serve(&store, keeping_a_day(followers())).await;
        begins_at(&store, 11).await;
        followed_to_the_end(&server, &["tally"]).await;
        assert_eq!(told(&store).await, (1, 11));
        let mut followed = Followed::of(&store).await;
        assert_eq!(followed.differences().await, (0, 10), "what was counted stays counted");
        server.crash().await;
        followed_to_the_end(&server, &["tally"]).await;
        assert_eq!(told(&store).await, (1, 11));
        assert_eq!(server.stop().await.code, Some(0));

        // Nobody follows, and retention overtakes the cursor.
        let plain = store.server().await;
        let mut alice = plain.resume(&alice).await;
        chat(&mut alice, 20).await;
        assert_eq!(plain.stop().await.code, Some(0));
        age(&store, 40).await;
        let plain = store.serve(keeping_a_day(Settings::default())).await;
        begins_at(&store, 41).await;
        assert_eq!(plain.stop().await.code, Some(0));
        let server = serve(&store, keeping_a_day(followers())).await;
        followed_to_the_end(&server, &["tally"]).await;
        assert_eq!(told(&store).await, (2, 41));
        let lost = "SELECT count(*) AS count FROM tally.applied WHERE seq BETWEEN 32 AND 40";
        assert_eq!(followed.number(lost).await, 0, "they are gone for good");
        let (missing, beyond) = followed.differences().await;
        assert_eq!((missing, beyond), (0, 31));
        followed.assert_counts().await;
    }
}

#[test]
fn after_a_restore_nothing_of_the_lost_store_counts() {
    judge(Kind::Sqlite, "followers and a restore", async |store| {
        let server = serve(&store, followers()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        chat(&mut alice, 20).await;
        let file = store.folder().join("copy");
        succeeds(&store, &["backup", file.to_str().unwrap()]).await;
        chat(&mut alice, 30).await;
        tallied(&store, &server).await;
        assert_eq!(server.stop().await.code, Some(0));
        succeeds(&store, &["restore", file.to_str().unwrap()]).await;
        store.begins_anew();
        server.start_again().await;
        let mut alice = server.resume(&alice).await;
        chat(&mut alice, 40).await;
        tallied(&store, &server).await;
    });
}
