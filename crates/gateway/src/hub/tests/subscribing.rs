use super::stage::{Stage, entry, member, message};
use crate::hub::requests::{AbortJoin, PageDelivered, SendLeaveReply, Ticked};
use crate::hub::tests::stage::{key, reply, user};
use rooms::api::Change;
use std::time::Duration;

#[tokio::test]
async fn a_rooms_pushes_begin_after_the_reply_to_join_at_head_plus_one() {
    let mut stage = Stage::new().await;
    let mut ann = stage.attach("ann", "", false).await;
    stage.open(&ann, Vec::new(), &[]).await;
    stage.begin_join(&ann, "x").await;
    let joined = vec![
        entry(4, "bob", message("before")),
        entry(5, "ann", Change::Joined),
        entry(6, "bob", message("meanwhile")),
    ];
    stage.append("x", joined);
    assert_eq!(ann.names(), ["hello"]);
    assert_eq!(stage.joined(&ann, "x", 5).await, PageDelivered::Live);
    stage.append("x", vec![entry(7, "bob", message("after"))]);
    assert_eq!(ann.names(), ["join", "entry 6", "room 5", "entry 7"]);
}

#[tokio::test]
async fn joining_again_buffers_live_entries_until_the_reply() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    stage.begin_join(&ann, "x").await;
    let more = vec![entry(6, "bob", message("6")), entry(7, "bob", message("7"))];
    stage.append("x", more);
    assert!(ann.take().is_empty());
    stage.joined(&ann, "x", 6).await;
    assert_eq!(ann.names(), ["join", "entry 7"]);
}

#[tokio::test]
async fn a_refused_join_changes_nothing() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    for room in ["x", "y"] {
        stage.begin_join(&ann, room).await;
    }
    stage.append("x", vec![entry(6, "bob", message("6"))]);
    for room in ["x", "y"] {
        let abort_join = AbortJoin {
            connection: ann.id(),
            room: key(room),
        };
        stage.ask(abort_join).await;
    }
    stage.append("x", vec![entry(7, "bob", message("7"))]);
    stage.append("y", vec![entry(1, "bob", message("1"))]);
    assert_eq!(ann.names(), ["entry 6", "entry 7"]);
    assert!(!stage.hub().rooms.contains_key(&key("y")));
}

#[tokio::test(start_paused = true)]
async fn a_join_that_was_given_up_half_way_expires() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    stage.begin_join(&ann, "y").await;
    tokio::time::advance(Duration::from_secs(11)).await;
    stage.send(Ticked);
    assert!(!stage.hub().rooms.contains_key(&key("y")));
    assert!(ann.take().is_empty());
}

#[tokio::test]
async fn a_replay_ends_in_live_pushes_without_gap_or_repeat() {
    let mut stage = Stage::new().await;
    let _keeps_the_room = stage.member("bob", "x", 9).await;
    let mut ann = stage.attach("ann", "", false).await;
    let memberships = vec![member("ann", "x", 9)];
    let behind = stage.open(&ann, memberships, &[("x", 3)]).await;
    assert_eq!(behind, [(key("x"), 3)]);
    stage.append("x", vec![entry(10, "bob", message("10"))]);
    assert_eq!(
        stage.page(&ann, "x", (3, 6), false).await,
        PageDelivered::More
    );
    // The page was read before the tenth entry came.
    assert_eq!(
        stage.page(&ann, "x", (6, 9), true).await,
        PageDelivered::More
    );
    stage.append("x", vec![entry(11, "bob", message("11"))]);
    assert_eq!(
        stage.page(&ann, "x", (9, 10), true).await,
        PageDelivered::Live
    );
    stage.append("x", vec![entry(12, "bob", message("12"))]);
    let expected: Vec<_> = (4..=12).map(|seq| format!("entry {seq}")).collect();
    let mut names = ann.names();
    assert_eq!(names.remove(0), "hello");
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_replay_that_overtook_the_fan_out_repeats_nothing() {
    let mut stage = Stage::new().await;
    let _keeps_the_room = stage.member("bob", "x", 9).await;
    let mut ann = stage.attach("ann", "", false).await;
    let memberships = vec![member("ann", "x", 9)];
    stage.open(&ann, memberships, &[("x", 7)]).await;
    // Read after the commit of the tenth, which the hub has not seen yet.
    assert_eq!(
        stage.page(&ann, "x", (7, 10), true).await,
        PageDelivered::Live
    );
    let both = vec![
        entry(10, "bob", message("10")),
        entry(11, "bob", message("11")),
    ];
    stage.append("x", both);
    assert_eq!(
        ann.names(),
        ["hello", "entry 8", "entry 9", "entry 10", "entry 11"]
    );
}

#[tokio::test]
async fn entries_beyond_the_buffer_are_read_again() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    stage.begin_join(&ann, "x").await;
    let flood: Vec<_> = (6..=305)
        .map(|seq| entry(seq, "bob", message("s")))
        .collect();
    stage.append("x", flood);
    assert_eq!(stage.joined(&ann, "x", 6).await, PageDelivered::More);
    assert_eq!(ann.names(), ["join"]);
    assert_eq!(
        stage.page(&ann, "x", (6, 305), true).await,
        PageDelivered::Live
    );
    assert_eq!(ann.names().len(), 299);
}

#[tokio::test]
async fn with_subscribe_all_entries_of_a_new_room_follow_its_push() {
    let mut stage = Stage::new().await;
    let mut ann = stage.attach("ann", "", true).await;
    let mut tab = stage.attach("ann", "tab", false).await;
    for socket in [&ann, &tab] {
        stage.open(socket, Vec::new(), &[]).await;
    }
    let gained = vec![
        entry(8, "ann", Change::Joined),
        entry(9, "bob", message("9")),
    ];
    stage.append("x", gained);
    assert_eq!(ann.names(), ["hello", "room 8", "entry 9"]);
    assert_eq!(tab.names(), ["hello", "room 8"]);
}

#[tokio::test]
async fn the_reply_to_leave_comes_after_the_entry_and_gone() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    let left = entry(6, "ann", Change::Left);
    stage.append("x", vec![left]);
    let say = || SendLeaveReply {
        connection: ann.id(),
        user: user("ann"),
        room: key("x"),
        seq: 6,
        reply: reply("left"),
    };
    let (first, repeated) = (say(), say());
    stage.ask(first).await;
    stage.append("x", vec![entry(7, "bob", message("7"))]);
    stage.ask(repeated).await;
    assert_eq!(ann.names(), ["entry 6", "gone 6", "left", "left"]);
}

#[tokio::test]
async fn leaving_does_not_wait_for_missing_entries() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    stage.append("x", vec![entry(9, "ann", Change::Left)]);
    let say = SendLeaveReply {
        connection: ann.id(),
        user: user("ann"),
        room: key("x"),
        seq: 9,
        reply: reply("left"),
    };
    stage.ask(say).await;
    assert_eq!(ann.names(), ["gone 9", "left"]);
}
