//! The index on its own, on either database.

use super::{Hit, Lookup, clear, find, forget, insert, known, remove, reword};
use crate::document::{self, Document, terms_of};
use crate::query::Query;
use rooms::api::{RoomId, Seq};
use sessions::api::UserId;
use std::convert::Infallible;
use storage::kit::{Place, Store};
use storage::prelude::*;

const NOW: i64 = 1_795_168_800_000;
const NOTHING: [(i64, Seq); 0] = [];
const AUTHOR: UserId = UserId([3; 16]);

async fn store() -> Store {
    let place = Place::new().await;
    let migrations = crate::extension().migrations().expect("it has a database");
    let config = place.extension("search", migrations);
    Store::at(place, |one, _| *one = config, |_, _| {}).await
}

/// Changes the index in a transaction.
struct Change(Step);

enum Step {
    Insert(Vec<Document>),
    Reword(Vec<(i64, Vec<String>)>),
    Remove(Vec<i64>),
    Forget(RoomId, Seq),
    Clear,
}

impl Job for Change {
    const NAME: &'static str = "test.change";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        match &self.0 {
            Step::Insert(new) => insert(tx, new.clone()).await?,
            Step::Reword(reworded) => reword(tx, reworded).await?,
            Step::Remove(ids) => remove(tx, ids).await?,
            Step::Forget(room, below) => forget(tx, *room, *below).await?,
            Step::Clear => clear(tx).await?,
        }
        Ok(())
    }
}

async fn does(store: &Store, step: Step) {
    let Ok(()) = store.run(Change(step)).await;
}

fn said(at: i64, room: i64, seq: Seq, text: &str) -> Document {
    let room = RoomId(room);
    Document {
        id: document::id(at, room, seq),
        room,
        seq,
        author: AUTHOR,
        terms: terms_of(room, AUTHOR, text),
    }
}

fn lookup(query: &str, rooms: impl IntoIterator<Item = i64>) -> Lookup {
    Lookup {
        query: Query::parse(query).unwrap(),
        rooms: rooms.into_iter().map(RoomId).collect(),
        author: None,
        with_link: false,
        below: i64::MAX,
        from: 0,
    }
}

async fn hits(store: &Store, lookup: &Lookup, limit: i64) -> Vec<Hit> {
    let lookup = lookup.clone();
    let read = store.database().read("test.find", move |reader| {
        Box::pin(async move { find(reader, &lookup, limit).await })
    });
    read.await.expect("hits")
}

/// Returns room and seq of what is found.
async fn found(store: &Store, lookup: &Lookup) -> Vec<(i64, Seq)> {
    let hits = hits(store, lookup, 100).await.into_iter();
    hits.map(|hit| (hit.room().0, hit.seq)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_come_first_within_rooms_author_and_time() {
    let store = store().await;
    let new = vec![
        said(NOW + 2, 1, 1, "word one https://example.com"),
        said(NOW + 1, 2, 7, "word two"),
        said(NOW + 3, 2, 8, "word three"),
        said(NOW + 4, 3, 1, "another"),
    ];
    does(&store, Step::Insert(new)).await;
    assert_eq!(
        found(&store, &lookup("word", 1..=3)).await,
        [(2, 8), (1, 1), (2, 7)]
    );
    assert_eq!(found(&store, &lookup("word", [2])).await, [(2, 8), (2, 7)]);
    assert_eq!(found(&store, &lookup("word", 100..400)).await, NOTHING);
    let by = |author| Lookup {
        author,
        ..lookup("word", [1])
    };
    assert_eq!(found(&store, &by(Some(AUTHOR))).await, [(1, 1)]);
    assert_eq!(found(&store, &by(Some(UserId([4; 16])))).await, NOTHING);
    let linked = Lookup {
        with_link: true,
        ..lookup("word", 1..=3)
    };
    assert_eq!(found(&store, &linked).await, [(1, 1)]);
    let within = Lookup {
        from: document::lowest_id(NOW + 2),
        below: document::lowest_id(NOW + 3),
        ..lookup("word", 1..=3)
    };
    assert_eq!(found(&store, &within).await, [(1, 1)]);
    let first = hits(&store, &lookup("word", 1..=3), 2).await;
    let rest = Lookup {
        below: first[1].id,
        ..lookup("word", 1..=3)
    };
    assert_eq!(found(&store, &rest).await, [(2, 7)]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_moment_are_all_kept() {
    let store = store().await;
    // These rooms share their part of the id.
    let twins: Vec<Document> = (0..5)
        .map(|n| said(NOW, 1 + n * 2_048, 1, "twin"))
        .collect();
    does(&store, Step::Insert(twins[..2].to_vec())).await;
    does(&store, Step::Insert(twins[2..].to_vec())).await;
    let rooms = (0..5).map(|n| 1 + n * 2_048);
    assert_eq!(found(&store, &lookup("twin", rooms)).await.len(), 5);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_change_and_messages_go() {
    let store = store().await;
    let new: Vec<Document> = (1..=5)
        .map(|seq| said(NOW + seq, 1, seq, "before"))
        .collect();
    let ids: Vec<i64> = new.iter().map(|one| one.id).collect();
    does(&store, Step::Insert(new)).await;
    let reworded = vec![(ids[0], terms_of(RoomId(1), AUTHOR, "after"))];
    does(&store, Step::Reword(reworded)).await;
    does(&store, Step::Remove(vec![ids[1]])).await;
    assert_eq!(
        found(&store, &lookup("before", [1])).await,
        [(1, 5), (1, 4), (1, 3)]
    );
    assert_eq!(found(&store, &lookup("after", [1])).await, [(1, 1)]);
    does(&store, Step::Forget(RoomId(1), 5)).await;
    does(&store, Step::Forget(RoomId(2), 5)).await;
    assert_eq!(found(&store, &lookup("before", [1])).await, [(1, 5)]);
    let read = store.database().read("test.known", |reader| {
        Box::pin(async move { known(reader, RoomId(1), &[1, 2, 5, 99]).await })
    });
    let known: Vec<(i64, Seq, UserId)> = read
        .await
        .unwrap()
        .iter()
        .map(|one| (one.id, one.seq, one.author))
        .collect();
    assert_eq!(known, [(ids[4], 5, AUTHOR)]);
    does(&store, Step::Clear).await;
    assert_eq!(found(&store, &lookup("before", [1])).await, NOTHING);
    does(&store, Step::Insert(vec![said(NOW, 1, 1, "before")])).await;
    assert_eq!(found(&store, &lookup("before", [1])).await, [(1, 1)]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_pages_and_long_texts_are_taken() {
    let store = store().await;
    let long = format!("{} {} \u{1f389}", "x".repeat(5_000), "日本語".repeat(1_000));
    let repeated = "again ".repeat(3_000);
    let mut new: Vec<Document> = (1..=2_500)
        .map(|seq| said(NOW + seq, 1, seq, "many"))
        .collect();
    new.push(said(NOW, 2, 1, &long));
    new.push(said(NOW, 2, 2, &repeated));
    does(&store, Step::Insert(new)).await;
    assert_eq!(hits(&store, &lookup("many", [1]), 4_000).await.len(), 2_500);
    let beginning = format!("{} ", "x".repeat(250));
    for query in [beginning.as_str(), "本語日本", "\u{1f389}", "語"] {
        assert_eq!(
            found(&store, &lookup(query, [2])).await,
            [(2, 1)],
            "{query}"
        );
    }
    assert_eq!(
        found(&store, &lookup("\"again again\"", [2])).await,
        [(2, 2)]
    );
    does(&store, Step::Forget(RoomId(1), 2_400)).await;
    assert_eq!(hits(&store, &lookup("many", [1]), 4_000).await.len(), 101);
    store.close().await;
}

/// More rooms than are terms of an index, the hits in few of them and older than many others.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_many_rooms_finds_what_is_rare_old_and_everywhere() {
    let store = store().await;
    let mut new: Vec<_> = (0..400)
        .map(|n| said(NOW + n, n % 40, n / 40 + 1, "frequent word"))
        .collect();
    new.push(said(NOW - 1, 7, 11, "a rare one"));
    new.push(said(NOW - 2, 900, 1, "a rare one in another room"));
    does(&store, Step::Insert(new)).await;
    assert_eq!(found(&store, &lookup("rare", 0..40)).await, [(7, 11)]);
    let mut everywhere = lookup("frequent", 0..40);
    let newest: Vec<_> = hits(&store, &everywhere, 50).await;
    let places = newest.iter().map(|hit| (hit.room().0, hit.seq));
    let expected = (350..400).rev().map(|n| (n % 40, n / 40 + 1));
    assert!(places.eq(expected), "{newest:?}");
    everywhere.below = newest[49].id;
    assert_eq!(hits(&store, &everywhere, 1_000).await.len(), 350);
    everywhere.rooms.retain(|room| room.0 % 4 == 0);
    assert_eq!(hits(&store, &everywhere, 1_000).await.len(), 88);
}
