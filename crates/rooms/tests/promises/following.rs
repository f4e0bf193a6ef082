//! `StandingOf` and `FollowLog`: what followers of the logs and those who check rights ask.

use crate::items::{OwnedDraft, item, message};
use crate::server::{TestClock, TestServer, assert_refused, key, now, uptime};
use rooms::api::{
    Change, FollowLog, FollowedPage, Heads, History, Moderation, Refusal, Role, RoomHead, RoomKey,
    Seq, StandingOf, UpdateRoom,
};
use rooms::{Deps, Settings};
use sessions::api::{Caller, UserId};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn follow(room: &RoomKey, after: Seq, limit: usize) -> FollowLog {
    FollowLog {
        room: room.clone(),
        after,
        limit,
        bytes: 128 * 1024,
    }
}

async fn page(server: &TestServer, room: &RoomKey, after: Seq, limit: usize) -> FollowedPage {
    server
        .ask(follow(room, after, limit))
        .await
        .expect("a page")
}

fn seqs(page: &FollowedPage) -> Vec<Seq> {
    page.entries.iter().map(|entry| entry.seq).collect()
}

async fn head_of(server: &TestServer, room: &RoomKey) -> RoomHead {
    let all = Heads {
        after: None,
        limit: 100,
    };
    let mut heads = server.ask(all).await.expect("heads").into_iter();
    heads.find(|head| head.key == *room).expect("the room")
}

async fn chatted(server: &TestServer, owner: &Caller, name: &str, messages: usize) -> RoomKey {
    let room = server.public(owner, name).await;
    let cids: Vec<String> = (0..messages).map(|n| format!("m{n}")).collect();
    let items = cids
        .iter()
        .map(|cid| item(owner, &room, message(cid, "hello")));
    let sent = server.append(items.collect()).await;
    assert!(sent.iter().all(Result::is_ok));
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_reads_a_log_page_by_page_and_learns_where_it_ends() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = chatted(&server, &ann, "a", 6).await;
    let first = page(&server, &room, 0, 4).await;
    assert_eq!((seqs(&first), first.complete), (vec![1, 2, 3, 4], false));
    assert_eq!((first.head, first.kept_from), (7, 1));
    assert_eq!(first.room.key, room);
    assert_eq!(first.epoch, server.store.database().epoch());
    let rest = page(&server, &room, 4, 4).await;
    assert_eq!((seqs(&rest), rest.complete), (vec![5, 6, 7], true));
    for (after, limit) in [(7, 4), (99, 4), (Seq::MAX, 1)] {
        let end = page(&server, &room, after, limit).await;
        assert_eq!((seqs(&end), end.head, end.complete), (vec![], 7, true));
    }
    let general = page(&server, &key("general"), 0, 4).await;
    assert_eq!(
        (seqs(&general), general.head, general.complete),
        (vec![], 0, true),
        "a room without entries"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_limited_in_entries_and_bytes_and_has_at_least_one_entry() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = chatted(&server, &ann, "a", 1_100).await;
    for limit in [usize::MAX, 1_001, 1_000] {
        let large = FollowLog {
            bytes: usize::MAX,
            ..follow(&room, 0, limit)
        };
        let page = server.ask(large).await.expect("a page");
        assert_eq!((page.entries.len(), page.complete), (1_000, false));
    }
    assert_eq!(seqs(&page(&server, &room, 3, 0).await), [4]);
    let tiny = FollowLog {
        bytes: 1,
        ..follow(&room, 5, 10)
    };
    let tiny = server.ask(tiny).await.expect("a page");
    assert_eq!((seqs(&tiny), tiny.complete), (vec![6], false));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_sees_every_entry_of_rooms_that_nobody_showed_it() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "quiet").await;
    server
        .send(&ann, &room, "1", "before bob")
        .await
        .expect("sent");
    let bob = server.invited("bob", &ann, &room).await;
    server.leave(&bob, &room).await.expect("left");
    assert_eq!(seqs(&page(&server, &room, 0, 50).await), [1, 2, 3, 4, 5]);
    for unknown in [
        "nowhere",
        "",
        "nul\0",
        "a name that is far too long for any key",
    ] {
        assert_refused(
            server.ask(follow(&key(unknown), 0, 50)).await,
            &Refusal::NoSuchRoom,
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_comes_without_its_text_and_its_entry_stays() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let done = server.append(vec![
        item(&ann, &room, message("1", "oops")),
        item(&ann, &room, OwnedDraft::Edit(2, "better".to_owned())),
        item(&ann, &room, OwnedDraft::Delete(2)),
    ]);
    assert!(done.await.iter().all(Result::is_ok));
    let page = page(&server, &room, 1, 50).await;
    let bodies: Vec<_> = page.entries.iter().map(|entry| &entry.change).collect();
    assert!(
        matches!(
            bodies[..],
            [
                Change::Message { body: None, .. },
                Change::Edited { body: None, .. },
                Change::Deleted { target: 2 }
            ]
        ),
        "{bodies:?}"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_shows_in_the_page_and_in_the_heads() {
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = chatted(&server, &ann, "a", 9).await;
    let settings = Settings {
        retention: DAY,
        retention_run_max: 4,
        ..Settings::default()
    };
    let deps = Deps::new(server.store.database().clone(), settings)
        .with_clock(TestClock(|| now() + AHEAD.load(Ordering::Relaxed), uptime));
    // A clock that jumps further than a day is not trusted.
    AHEAD.store(DAY_MS / 2, Ordering::Relaxed);
    rooms::forget(&deps).await.expect("a run");
    AHEAD.store(DAY_MS + 1, Ordering::Relaxed);
    for kept_from in [5, 9] {
        rooms::forget(&deps).await.expect("a run");
        let late = page(&server, &room, 1, 50).await;
        let kept: Vec<Seq> = (kept_from..=10).collect();
        assert_eq!((seqs(&late), late.kept_from), (kept, kept_from));
        assert!(late.complete);
        let head = head_of(&server, &room).await;
        assert_eq!((head.head, head.kept_from), (10, kept_from));
    }
    let up_to_date = page(&server, &room, 9, 50).await;
    assert_eq!(seqs(&up_to_date), [10], "retention is below this cursor");
    server.close().await;
}

async fn standing(
    server: &TestServer,
    room: &RoomKey,
    user: UserId,
) -> Result<(Role, Seq, Seq), Refusal> {
    let room = room.clone();
    let standing = server.ask(StandingOf { room, user }).await?;
    Ok((standing.role, standing.visible_from, standing.head))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_is_a_members_rights_as_they_are_now() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let (ann_id, bob_id) = (ann.user.id, bob.user.id);
    assert_eq!(
        standing(&server, &room, ann_id).await,
        Ok((Role::Owner, 1, 2))
    );
    assert_eq!(
        standing(&server, &room, bob_id).await,
        Ok((Role::Member, 1, 2))
    );
    let moderator = Moderation::Role(Role::Moderator);
    let promoted = server.moderate(&ann, &room, &bob, moderator).await;
    promoted.expect("a role");
    assert_eq!(
        standing(&server, &room, bob_id).await,
        Ok((Role::Moderator, 1, 3))
    );
    let banned = server.moderate(&ann, &room, &bob, Moderation::Ban).await;
    banned.expect("banned");
    assert_eq!(
        standing(&server, &room, bob_id).await,
        Err(Refusal::NotMember)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_reveals_no_room_to_those_who_may_not_know_it() {
    let server = TestServer::new().await;
    let (ann, out) = (server.person("ann").await, server.person("out").await);
    let private = server.private(&ann, "quiet").await;
    let public = server.public(&ann, "open").await;
    let nobody = UserId([7; 16]);
    for user in [out.user.id, nobody] {
        for (room, refusal) in [
            (&private, Refusal::NoSuchRoom),
            (&key("nowhere"), Refusal::NoSuchRoom),
            (&public, Refusal::NotMember),
        ] {
            assert_eq!(standing(&server, room, user).await, Err(refusal));
        }
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_has_the_rights_of_a_moderator_in_public_rooms_only() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let chief = server.admin("chief").await;
    let public = server.public(&ann, "open").await;
    server.join(&chief, &public).await.expect("a member");
    let private = server.private(&ann, "quiet").await;
    let invited = server
        .moderate(&ann, &private, &chief, Moderation::Invite)
        .await;
    invited.expect("an invitation");
    server.join(&chief, &private).await.expect("a member");
    let role = async |room| {
        standing(&server, room, chief.user.id)
            .await
            .expect("rights")
            .0
    };
    assert_eq!(role(&public).await, Role::Moderator);
    assert_eq!(role(&private).await, Role::Member);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_has_the_first_entry_that_the_member_may_read() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "quiet").await;
    server.send(&ann, &room, "1", "hello").await.expect("sent");
    let bob = server.invited("bob", &ann, &room).await;
    assert_eq!(
        standing(&server, &room, bob.user.id).await,
        Ok((Role::Member, 4, 4))
    );
    let opened = UpdateRoom {
        caller: ann.clone(),
        room: room.clone(),
        title: None,
        topic: None,
        history: Some(History::All),
        kind: None,
    };
    server.ask(opened).await.expect("opened");
    assert_eq!(
        standing(&server, &room, bob.user.id).await,
        Ok((Role::Member, 1, 5))
    );
    server.close().await;
}
