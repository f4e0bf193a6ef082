//! Rows that nobody needs are removed.

use crate::house::House;
use rooms::api::{EntriesForgotten, RoomKey};
use sessions::api::Caller;
use sessions::api::operator::EraseAccount;
use std::convert::Infallible;
use std::time::Duration;
use storage::prelude::*;

/// Plain statements.
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

/// Starts messaging's own tasks, and waits until a table has so many rows.
async fn until_left(house: &House, table: &'static str, rows: i64) {
    let reached = async {
        while house.count(table).await != rows {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
    reached.unwrap_or_else(|_| panic!("{table} never has {rows} rows"));
}

fn start(house: &House) {
    let deps = messaging::Deps::new(
        house.store.database().clone(),
        messaging::Settings::default(),
    );
    messaging::tasks(house.store.tasks(), &deps);
}

async fn close(house: House) {
    house.store.tasks().stop_timers();
    house.close().await;
}

async fn reader(house: &House, name: &str, room: &RoomKey) -> Caller {
    let who = house.member(name, room).await;
    let head = house.head(&who, room).await;
    house.send(&who, room, "c", "x").await;
    house.mark(&who, room, head + 1).await;
    who
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_of_those_who_left_or_were_deleted_go() {
    let house = House::new().await;
    let (_, room) = house.ann_in_a_room().await;
    let stays = reader(&house, "bob", &room).await;
    let leaves = reader(&house, "cleo", &room).await;
    reader(&house, "dora", &room).await;
    let read = house.mark(&stays, &room, 0).await.seq;
    assert_eq!(house.count("markers").await, 3);
    house.leave(&leaves, &room).await;
    let name = "dora".to_owned();
    let erased = house.store.run(EraseAccount { name }).await;
    assert_eq!(erased, Ok(true));
    start(&house);
    until_left(&house, "markers", 1).await;
    assert_eq!(house.mark(&stays, &room, 0).await.seq, read);
    close(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_of_forgotten_messages_goes() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let old = house.send(&ann, &room, "c1", "old").await;
    house.react(&ann, &room, old.seq, "👍", true).await;
    house.edit(&ann, &room, old.seq, "older").await;
    let new = house.send(&ann, &room, "c2", "new").await;
    house.react(&ann, &room, new.seq, "👍", true).await;
    house.edit(&ann, &room, new.seq, "newer").await;
    // Rooms has forgotten, and its fact went with the process.
    let cut = format!(
        "UPDATE rooms SET kept_from = {} WHERE key = 'kitchen'",
        new.seq
    );
    let cut = house.store.run(Statements(vec![cut])).await;
    assert_eq!(cut, Ok(()));
    start(&house);
    until_left(&house, "reactions", 1).await;
    until_left(&house, "message_states", 1).await;
    let newest = house.newest(&ann, &room).await;
    assert_eq!((newest.seq, newest.reactions.len()), (new.seq, 1));
    close(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_takes_its_states_and_reactions_along_and_no_others() {
    let house = House::new().await;
    let (ann, room) = house.ann_in_a_room().await;
    let mut seqs = Vec::new();
    for cid in ["c1", "c2", "c3"] {
        let sent = house.send(&ann, &room, cid, "x").await;
        house.react(&ann, &room, sent.seq, "👍", true).await;
        house.edit(&ann, &room, sent.seq, "y").await;
        seqs.push(sent.seq);
    }
    let info = house.entry_room(&room).await;
    house
        .store
        .bus()
        .publish(EntriesForgotten {
            room: info,
            from: seqs[1],
            kept_from: seqs[2],
        })
        .await;
    house.store.quiet().await;
    assert_eq!(house.count("reactions").await, 2);
    assert_eq!(house.count("message_states").await, 2);
    house.close().await;
}
