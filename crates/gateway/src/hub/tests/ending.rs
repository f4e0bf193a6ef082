use super::stage::{Stage, entry, kicked, member, message};
use crate::hub::requests::PageDelivered;
use crate::hub::tests::stage::{key, user};
use rooms::api::{Change, Role};
use serde_json::json;

#[tokio::test]
async fn a_kicked_user_gets_that_entry_and_gone_and_nothing_after() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    let mut tab = stage.attach("ann", "tab", false).await;
    stage.open(&tab, vec![member("ann", "x", 5)], &[]).await;
    let mut bob = stage.member("bob", "x", 5).await;
    let entries = vec![
        entry(6, "bob", kicked("ann")),
        entry(7, "bob", message("between us")),
    ];
    stage.append("x", entries);
    assert_eq!(ann.names(), ["entry 6", "gone 6"]);
    assert_eq!(tab.names(), ["hello", "gone 6"]);
    assert_eq!(bob.names(), ["entry 6", "entry 7"]);
}

#[tokio::test]
async fn a_ban_is_pushed_with_its_reason() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    let ban = Change::Banned {
        user: user("ann"),
        reason: Some("spam".to_owned()),
    };
    stage.append("x", vec![entry(6, "bob", ban)]);
    let pushes = ann.take();
    assert_eq!(pushes[1]["ev"], "gone");
    assert_eq!(pushes[1]["d"]["why"], "banned");
    assert_eq!(pushes[1]["d"]["reason"], "spam");
    assert_eq!(pushes[1]["d"]["by"]["name"], "bob");
}

#[tokio::test]
async fn a_replay_of_a_kicked_user_ends_at_once() {
    let mut stage = Stage::new().await;
    let _keeps_the_room = stage.member("bob", "x", 9).await;
    let mut ann = stage.attach("ann", "", false).await;
    let memberships = vec![member("ann", "x", 9)];
    stage.open(&ann, memberships, &[("x", 3)]).await;
    stage.append("x", vec![entry(10, "bob", kicked("ann"))]);
    // The page had been read before.
    assert_eq!(
        stage.page(&ann, "x", (3, 9), true).await,
        PageDelivered::Gone
    );
    stage.append("x", vec![entry(11, "bob", message("secret"))]);
    assert_eq!(ann.names(), ["hello", "entry 10", "gone 10"]);
}

#[tokio::test]
async fn a_kick_during_join_is_pushed_after_its_reply() {
    let mut stage = Stage::new().await;
    let mut ann = stage.attach("ann", "", false).await;
    stage.open(&ann, Vec::new(), &[]).await;
    stage.begin_join(&ann, "x").await;
    let entries = vec![
        entry(5, "ann", Change::Joined),
        entry(6, "bob", message("hi")),
        entry(7, "bob", kicked("ann")),
        entry(8, "bob", message("secret")),
    ];
    stage.append("x", entries);
    assert_eq!(stage.joined(&ann, "x", 5).await, PageDelivered::Gone);
    stage.append("x", vec![entry(9, "bob", message("secret"))]);
    assert_eq!(
        ann.names(),
        ["hello", "join", "entry 6", "entry 7", "room 5", "gone 7"]
    );
}

#[tokio::test]
async fn a_user_who_joins_again_gets_later_entries() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    let entries = vec![
        entry(6, "bob", kicked("ann")),
        entry(7, "bob", message("secret")),
    ];
    stage.append("x", entries);
    stage.begin_join(&ann, "x").await;
    let back = vec![
        entry(8, "ann", Change::Joined),
        entry(9, "bob", message("hi")),
    ];
    stage.append("x", back);
    stage.joined(&ann, "x", 8).await;
    assert_eq!(
        ann.names(),
        ["entry 6", "gone 6", "join", "entry 9", "room 8"]
    );
}

#[tokio::test]
async fn an_old_entry_that_comes_again_ends_nothing() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    stage.append("x", vec![entry(4, "bob", kicked("ann"))]);
    stage.append("x", vec![entry(6, "bob", message("6"))]);
    assert_eq!(ann.names(), ["entry 6"]);
}

#[tokio::test]
async fn a_role_and_a_changed_room_are_shown_on_every_connection() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    let role = Change::Role {
        user: user("ann"),
        role: Role::Moderator,
        reason: None,
    };
    stage.append("x", vec![entry(6, "bob", role)]);
    let pushes = ann.take();
    assert_eq!(pushes[1]["d"]["why"], "role");
    assert_eq!(pushes[1]["d"]["card"]["role"], "moderator");
    let changed = Change::Room {
        title: "X".to_owned(),
        topic: String::new(),
        history: rooms::api::History::All,
        kind: rooms::api::Kind::Public,
    };
    stage.append("x", vec![entry(7, "bob", changed)]);
    let pushes = ann.take();
    assert_eq!(pushes[1]["d"]["why"], "changed");
    assert_eq!(pushes[1]["d"]["card"]["role"], "moderator");
}

#[tokio::test]
async fn an_invitation_is_pushed_to_the_invited_user_only() {
    let mut stage = Stage::new().await;
    let mut ann = stage.attach("ann", "", true).await;
    stage.open(&ann, Vec::new(), &[]).await;
    let mut bob = stage.member("bob", "x", 5).await;
    let invited = Change::Invited {
        user: user("ann"),
        reason: None,
    };
    let entries = vec![
        entry(6, "bob", invited),
        entry(7, "bob", message("not yet")),
    ];
    stage.append("x", entries);
    let pushes = ann.take();
    assert_eq!(pushes.len(), 2, "the reply and the invitation: {pushes:?}");
    assert_eq!(pushes[1]["d"]["why"], "invited");
    assert_eq!(pushes[1]["d"]["card"]["role"], json!(null));
    assert_eq!(bob.names(), ["entry 6", "entry 7"]);
    assert!(
        stage.hub().people[&user("ann").id]
            .role(&key("x"))
            .is_none()
    );
}
