//! After a failed sync the process exits immediately with its own exit code; what was acknowledged
//! before is there after the restart, and repeating the send in doubt settles it.

use serde_json::json;
use tests::{FailingDisk, Kind, judge};

#[test]
fn a_failed_sync_ends_the_process_and_the_next_start_has_all_that_was_acknowledged() {
    judge(Kind::Sqlite, "failed sync", async |store| {
        let server = store.server().await;
        server.expect_trouble();
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        for word in 0..10 {
            alice.say("lounge", &format!("word {word}")).await;
        }
        let disk = FailingDisk::under(&server).await;
        let doubtful = json!({"room": "lounge", "cid": "in-doubt", "body": "is it there?"});
        alice.post("send", doubtful.clone()).await;
        let exit = server.ended().await;
        let log = exit.lines.join("\n");
        assert_eq!(exit.code, Some(4), "{log}");
        assert!(log.contains("what was written may be lost"), "{log}");
        drop(disk);
        server.start_again().await;
        let mut alice = server.hello(json!({"token": alice.token()})).await;
        let ack = alice.ok("send", doubtful).await;
        assert_eq!(ack["seq"], 12, "once, after the ten and the joining");
        let words = store.sql().await.entries().await;
        let words = words.iter().filter(|entry| entry.cid.is_some());
        assert_eq!(words.count(), 11);
    });
}
