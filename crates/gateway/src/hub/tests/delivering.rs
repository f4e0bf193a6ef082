use super::stage::{Stage, entry, info, key, message};
use crate::hub::requests::{MissingRangeRead, Ticked};
use rooms::api::{Entry, LogPage, Seq};
use serde_json::json;
use std::sync::Arc;

fn page(room: &str, entries: Vec<Arc<Entry>>, head: Seq) -> MissingRangeRead {
    MissingRangeRead {
        room: key(room),
        page: Some(LogPage {
            room: info(room),
            entries,
            head,
            visible_from: 1,
            complete: true,
        }),
    }
}

fn unread(room: &str) -> MissingRangeRead {
    MissingRangeRead {
        room: key(room),
        page: None,
    }
}

#[tokio::test]
async fn every_subscriber_gets_each_entry_once_and_in_order() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 3).await;
    let mut bob = stage.member("bob", "x", 3).await;
    let mut eve = stage.member("eve", "y", 3).await;
    let (four, five) = (entry(4, "ann", message("4")), entry(5, "bob", message("5")));
    stage.append("x", vec![four.clone(), five]);
    stage.append("x", vec![four]);
    for socket in [&mut ann, &mut bob] {
        assert_eq!(socket.names(), ["entry 4", "entry 5"]);
    }
    assert!(eve.take().is_empty());
}

#[tokio::test]
async fn an_entry_that_comes_too_early_waits_for_those_before_it() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 3).await;
    stage.append("x", vec![entry(6, "bob", message("6"))]);
    assert!(ann.take().is_empty());
    let missing = vec![entry(4, "bob", message("4")), entry(5, "bob", message("5"))];
    stage.send(page("x", missing, 6));
    assert_eq!(ann.names(), ["entry 4", "entry 5", "entry 6"]);
    assert!(stage.hub().rooms[&key("x")].missing.is_none());
}

#[tokio::test]
async fn only_the_room_with_missing_entries_waits() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 3).await;
    let mut eve = stage.member("eve", "y", 3).await;
    stage.append("x", vec![entry(6, "bob", message("6"))]);
    stage.append("y", vec![entry(4, "eve", message("4"))]);
    assert!(ann.take().is_empty());
    assert_eq!(eve.names(), ["entry 4"]);
}

#[tokio::test]
async fn a_missing_range_becomes_a_gap_after_three_failed_reads() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 3).await;
    stage.append("x", vec![entry(6, "bob", message("6"))]);
    for _ in 0..3 {
        stage.send(unread("x"));
    }
    stage.send(Ticked);
    let pushes = ann.take();
    assert_eq!(
        pushes[0],
        json!({"ev": "gap", "room": "x", "d": {"from": 4, "to": 5}})
    );
    assert_eq!(pushes[1]["d"]["seq"], 6);
    stage.append("x", vec![entry(7, "bob", message("7"))]);
    assert_eq!(ann.names(), ["entry 7"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_range_becomes_a_gap_after_two_seconds() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 3).await;
    stage.append("x", vec![entry(6, "bob", message("6"))]);
    tokio::time::advance(std::time::Duration::from_millis(1900)).await;
    stage.send(Ticked);
    assert!(ann.take().is_empty());
    tokio::time::advance(std::time::Duration::from_millis(200)).await;
    stage.send(Ticked);
    assert_eq!(ann.names(), ["gap 4", "entry 6"]);
}

#[tokio::test]
async fn entries_beyond_the_buffer_come_from_the_log() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 0).await;
    let late: Vec<_> = (2..=100)
        .map(|seq| entry(seq, "bob", message("s")))
        .collect();
    stage.append("x", late.clone());
    assert!(ann.take().is_empty());
    stage.send(page("x", vec![entry(1, "bob", message("1"))], 100));
    let kept = ann.names();
    assert_eq!(kept.len(), 65, "one filled in, sixty-four kept");
    stage.send(page("x", late, 100));
    let rest = ann.names();
    assert_eq!(rest.first().map(String::as_str), Some("entry 66"));
    assert_eq!(rest.last().map(String::as_str), Some("entry 100"));
    assert_eq!(rest.len(), 35);
}
