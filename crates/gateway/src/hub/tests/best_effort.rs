use super::stage::{Socket, Stage, entry, key, message, user};
use crate::foreign_pushes::ForeignPushTarget;
use crate::hub::requests::{
    DeliverForeignPushes, HeadsRead, MembersCounted, SendHeads, SetTyping, Ticked, TypingResult,
};
use messaging::api::MarkerMoved;
use rooms::api::{RoomHead, RoomId, Seq};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use sessions::api::PresenceChanged;
use std::time::Duration;
use tokio::time::advance;

const S: Duration = Duration::from_secs(1);

async fn set_typing(stage: &mut Stage, socket: &Socket, name: &str, on: bool) -> bool {
    let request = SetTyping {
        connection: socket.id(),
        user: user(name),
        room: key("x"),
        on,
    };
    stage.ask(request).await == TypingResult::Accepted
}

fn came(stage: &mut Stage, name: &str, online: bool) {
    let changes = vec![(user(name), online)];
    stage.send(PresenceChanged { changes });
}

fn head(room: &str, head: Seq) -> RoomHead {
    RoomHead {
        room: RoomId(1),
        key: key(room),
        head,
        kept_from: 1,
    }
}

fn counted(stage: &mut Stage, count: u64) {
    let room = key("x");
    let count = Some(count);
    stage.send(MembersCounted { room, count });
}

fn states(pushes: &[Value]) -> Vec<&str> {
    let changes = pushes
        .iter()
        .filter_map(|push| push["d"]["changes"].as_array());
    let states = changes.flatten().map(|change| &change["state"]);
    states.filter_map(Value::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn typing_is_pushed_to_others_and_ends_by_itself() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let mut bob = stage.member("bob", "x", 1).await;
    assert!(set_typing(&mut stage, &bob, "bob", true).await);
    assert_eq!(ann.take()[0]["d"]["on"], true);
    assert!(bob.take().is_empty(), "not to the one who types");
    advance(7 * S).await;
    stage.send(Ticked);
    assert!(ann.take().is_empty());
    advance(S).await;
    stage.send(Ticked);
    assert_eq!(ann.take()[0]["d"]["on"], false);
    stage.send(Ticked);
    assert!(ann.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_typing_in_three_seconds_counts() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let bob = stage.member("bob", "x", 1).await;
    for _ in 0..5 {
        set_typing(&mut stage, &bob, "bob", true).await;
    }
    assert_eq!(ann.take().len(), 1);
    set_typing(&mut stage, &bob, "bob", false).await;
    set_typing(&mut stage, &bob, "bob", true).await;
    assert_eq!(
        ann.take().len(),
        1,
        "only the end was pushed, not the new beginning"
    );
    advance(3 * S).await;
    set_typing(&mut stage, &bob, "bob", true).await;
    assert_eq!(ann.take()[0]["d"]["on"], true);
}

#[tokio::test]
async fn only_members_type_and_only_in_small_rooms() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let eve = stage.member("eve", "y", 1).await;
    assert!(!set_typing(&mut stage, &eve, "eve", true).await);
    let bob = stage.member("bob", "x", 1).await;
    counted(&mut stage, 101);
    assert!(set_typing(&mut stage, &bob, "bob", true).await);
    assert!(ann.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn presence_is_pushed_at_most_once_a_second() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let _bob = stage.member("bob", "x", 1).await;
    counted(&mut stage, 2);
    came(&mut stage, "bob", true);
    assert_eq!(states(&ann.take()), ["online"]);
    came(&mut stage, "bob", false);
    came(&mut stage, "bob", true);
    came(&mut stage, "bob", false);
    stage.send(Ticked);
    assert!(ann.take().is_empty());
    advance(S).await;
    stage.send(Ticked);
    assert_eq!(states(&ann.take()), ["offline"], "only the latest state");
}

#[tokio::test]
async fn a_large_room_gets_only_the_number_of_people_online() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let _bob = stage.member("bob", "x", 1).await;
    counted(&mut stage, 101);
    came(&mut stage, "bob", true);
    assert_eq!(ann.take()[0]["d"], json!({"online": 1}));
}

#[tokio::test(start_paused = true)]
async fn a_head_is_pushed_again_after_fifteen_seconds() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 4).await;
    let mut eve = stage.member("eve", "y", 4).await;
    let heads = || HeadsRead {
        heads: vec![head("x", 4)],
    };
    stage.send(heads());
    assert!(!stage.ask(SendHeads).await, "that was all");
    assert_eq!(ann.take(), [json!({"ev": "heads", "d": {"x": 4}})]);
    advance(10 * S).await;
    stage.send(heads());
    stage.send(Ticked);
    stage.ask(SendHeads).await;
    assert!(ann.take().is_empty());
    advance(5 * S).await;
    stage.send(Ticked);
    stage.ask(SendHeads).await;
    assert_eq!(ann.take(), [json!({"ev": "heads", "d": {"x": 4}})]);
    advance(20 * S).await;
    stage.send(heads());
    stage.send(Ticked);
    stage.ask(SendHeads).await;
    assert!(ann.take().is_empty());
    assert!(eve.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_heads_of_many_rooms_are_pushed_in_steps() {
    let mut stage = Stage::new().await;
    let mut sockets = Vec::new();
    let rooms: Vec<String> = (0..300).map(|n| format!("r{n}")).collect();
    for room in &rooms {
        sockets.push(stage.member(&format!("in-{room}"), room, 4).await);
    }
    let heads = rooms.iter().map(|room| head(room, 4)).collect();
    stage.send(HeadsRead { heads });
    for repeated in [false, true] {
        if repeated {
            advance(15 * S).await;
            stage.send(Ticked);
        }
        for (pushes, more) in [(256, true), (44, false)] {
            assert_eq!(stage.ask(SendHeads).await, more);
            let now = sockets.iter_mut().map(|socket| socket.take().len());
            assert_eq!(now.sum::<usize>(), pushes);
        }
    }
}

#[tokio::test]
async fn a_room_behind_the_store_fetches_the_missing_entries() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 4).await;
    let heads = vec![head("x", 6)];
    stage.send(HeadsRead { heads });
    stage.ask(SendHeads).await;
    assert!(stage.hub().rooms[&key("x")].missing.is_some());
    stage.append("x", vec![entry(5, "bob", message("5"))]);
    stage.append("x", vec![entry(6, "bob", message("6"))]);
    assert_eq!(ann.names(), ["heads", "entry 5", "entry 6"]);
    assert!(stage.hub().rooms[&key("x")].missing.is_none());
}

async fn push(stage: &mut Stage, to: ForeignPushTarget, n: u64) {
    let body = to_raw_value(&json!({ "n": n })).unwrap();
    let pushes = &stage.shared.foreign_pushes;
    pushes.push(to, "x.karma.changed", &body).unwrap();
    let queued = pushes.queued().lock().await.recv().await.unwrap();
    let pushes = vec![queued];
    stage.ask(DeliverForeignPushes { pushes }).await;
}

#[tokio::test]
async fn a_push_from_outside_reaches_a_users_connections_or_a_rooms() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 1).await;
    let mut bob = stage.member("bob", "x", 1).await;
    let mut eve = stage.member("eve", "y", 1).await;
    push(&mut stage, ForeignPushTarget::Room(key("x")), 1).await;
    push(&mut stage, ForeignPushTarget::User(user("ann").id), 2).await;
    push(&mut stage, ForeignPushTarget::User(user("nobody").id), 3).await;
    push(&mut stage, ForeignPushTarget::Room(key("nowhere")), 4).await;
    let of_room = json!({"ev": "x.karma.changed", "room": "x", "d": {"n": 1}});
    let of_user = json!({"ev": "x.karma.changed", "d": {"n": 2}});
    assert_eq!(ann.take(), [of_room.clone(), of_user]);
    assert_eq!(bob.take(), [of_room]);
    assert!(eve.take().is_empty());
}

#[tokio::test]
async fn a_push_from_outside_never_precedes_the_reply_to_hello() {
    let mut stage = Stage::new().await;
    let mut ann = stage.attach("ann", "", false).await;
    push(&mut stage, ForeignPushTarget::User(user("ann").id), 1).await;
    assert!(ann.take().is_empty());
    stage.open(&ann, Vec::new(), &[]).await;
    push(&mut stage, ForeignPushTarget::User(user("ann").id), 2).await;
    let pushes: Vec<_> = ann
        .take()
        .iter()
        .map(|push| push["d"]["n"].clone())
        .collect();
    assert_eq!(
        pushes,
        [Value::Null, json!(2)],
        "the reply, then the second"
    );
}

#[tokio::test]
async fn a_read_marker_is_pushed_to_the_users_other_connections() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 4).await;
    let mut tab = stage.attach("ann", "tab", false).await;
    stage.open(&tab, Vec::new(), &[]).await;
    let mut bob = stage.member("bob", "x", 4).await;
    let moved = MarkerMoved {
        user: user("ann").id,
        room: key("x"),
        seq: 3,
        unread: 1,
        mentions: 0,
        by: Some(ann.id()),
    };
    stage.send(moved);
    assert!(ann.take().is_empty());
    assert_eq!(
        tab.take()[1],
        json!({"ev": "read", "room": "x", "d": {"seq": 3, "unread": 1, "mentions": 0}})
    );
    assert!(bob.take().is_empty());
}
