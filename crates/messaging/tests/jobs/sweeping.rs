//! The sweep removes rows that are no longer needed.

use crate::server::TestServer;
use rooms::api::{EntriesForgotten, RoomKey};
use sessions::api::Caller;
use sessions::api::operator::EraseAccount;
use std::convert::Infallible;
use std::time::Duration;
use storage::prelude::*;

/// Executes SQL statements.
struct Statements(Vec<String>);

impl Job for Statements {
    const NAME: &'static str = "messaging.test_statements";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(1)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        for text in &self.0 {
            statement!(tx, |c| diesel::sql_query(text).execute(c))?;
        }
        Ok(())
    }
}

/// Starts messaging's tasks, and waits until a table has this many rows.
async fn until_left(server: &TestServer, table: &'static str, rows: i64) {
    let reached = async {
        while server.count(table).await != rows {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
    reached.unwrap_or_else(|_| panic!("{table} never has {rows} rows"));
}

fn start(server: &TestServer) {
    let deps = messaging::Deps::new(
        server.store.database().clone(),
        messaging::Settings::default(),
    );
    messaging::tasks(server.store.tasks(), &deps);
}

async fn close(server: TestServer) {
    server.store.tasks().stop_timers();
    server.close().await;
}

async fn reader(server: &TestServer, name: &str, room: &RoomKey) -> Caller {
    let who = server.member(name, room).await;
    let head = server.head(&who, room).await;
    server.send(&who, room, "c", "x").await;
    server.mark(&who, room, head + 1).await;
    who
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_of_former_members_and_deleted_accounts_are_removed() {
    let server = TestServer::new().await;
    let (_, room) = server.ann_in_a_room().await;
    let stays = reader(&server, "bob", &room).await;
    let leaves = reader(&server, "cleo", &room).await;
    reader(&server, "dora", &room).await;
    let read = server.mark(&stays, &room, 0).await.seq;
    assert_eq!(server.count("markers").await, 3);
    server.leave(&leaves, &room).await;
    let name = "dora".to_owned();
    let erased = server.store.run(EraseAccount { name }).await;
    assert_eq!(erased, Ok(true));
    start(&server);
    until_left(&server, "markers", 1).await;
    assert_eq!(server.mark(&stays, &room, 0).await.seq, read);
    close(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leftovers_of_deleted_messages_are_removed_after_a_crash() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let old = server.send(&ann, &room, "c1", "old").await;
    server.react(&ann, &room, old.seq, "👍", true).await;
    server.edit(&ann, &room, old.seq, "older").await;
    let new = server.send(&ann, &room, "c2", "new").await;
    server.react(&ann, &room, new.seq, "👍", true).await;
    server.edit(&ann, &room, new.seq, "newer").await;
    // Retention deleted the messages, and a crash lost the event.
    let cut = format!(
        "UPDATE rooms SET kept_from = {} WHERE key = 'kitchen'",
        new.seq
    );
    let cut = server.store.run(Statements(vec![cut])).await;
    assert_eq!(cut, Ok(()));
    start(&server);
    until_left(&server, "reactions", 1).await;
    until_left(&server, "message_states", 1).await;
    let newest = server.newest(&ann, &room).await;
    assert_eq!((newest.seq, newest.reactions.len()), (new.seq, 1));
    close(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_removes_states_and_reactions_of_deleted_messages_only() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let mut seqs = Vec::new();
    for cid in ["c1", "c2", "c3"] {
        let sent = server.send(&ann, &room, cid, "x").await;
        server.react(&ann, &room, sent.seq, "👍", true).await;
        server.edit(&ann, &room, sent.seq, "y").await;
        seqs.push(sent.seq);
    }
    let info = server.entry_room(&room).await;
    server
        .store
        .bus()
        .publish(EntriesForgotten {
            room: info,
            from: seqs[1],
            kept_from: seqs[2],
        })
        .await;
    server.store.quiet().await;
    assert_eq!(server.count("reactions").await, 2);
    assert_eq!(server.count("message_states").await, 2);
    server.close().await;
}
