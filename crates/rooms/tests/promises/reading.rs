//! `ReadLog`, `Members`, `Memberships`, `Heads`, `RecentHeads`.

use crate::items::{item, message};
use crate::server::{TestServer, assert_refused};
use rooms::api::{
    Heads, History, LogPage, Members, Memberships, Moderation, OpenDirect, ReadLog, RecentHeads,
    Refusal, Role, RoomHead, RoomKey, UpdateRoom,
};
use sessions::api::Caller;

fn read(reader: &Caller, room: &RoomKey, after: Option<i64>, limit: usize) -> ReadLog {
    ReadLog {
        reader: Some(reader.user.id),
        room: room.clone(),
        after,
        upto: None,
        limit,
        bytes: 128 * 1024,
    }
}

fn seqs(page: &LogPage) -> Vec<i64> {
    page.entries.iter().map(|entry| entry.seq).collect()
}

async fn filled(server: &TestServer, messages: usize) -> (Caller, RoomKey) {
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let run = (0..messages).map(|n| item(&ann, &room, message(&n.to_string(), "hello")));
    server.append(run.collect()).await;
    (ann, room)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_up_from_a_cursor_and_down_from_the_head() {
    let server = TestServer::new().await;
    let (ann, room) = filled(&server, 9).await;
    let up = server
        .ask(read(&ann, &room, Some(3), 4))
        .await
        .expect("a page");
    assert_eq!(
        (seqs(&up), up.head, up.complete),
        (vec![4, 5, 6, 7], 10, false)
    );
    let rest = server
        .ask(read(&ann, &room, Some(7), 4))
        .await
        .expect("a page");
    assert_eq!((seqs(&rest), rest.complete), (vec![8, 9, 10], true));
    let beyond = server
        .ask(read(&ann, &room, Some(99), 4))
        .await
        .expect("a page");
    assert_eq!((seqs(&beyond), beyond.complete), (vec![], true));
    let newest = server
        .ask(read(&ann, &room, None, 3))
        .await
        .expect("a page");
    assert_eq!((seqs(&newest), newest.complete), (vec![8, 9, 10], false));
    let all = server
        .ask(read(&ann, &room, None, 10))
        .await
        .expect("a page");
    assert_eq!((seqs(&all).len(), all.complete), (10, true));
    let upto = ReadLog {
        upto: Some(5),
        ..read(&ann, &room, Some(3), 50)
    };
    let hole = server.ask(upto).await.expect("a page");
    assert_eq!((seqs(&hole), hole.complete), (vec![4, 5], true));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_at_its_byte_limit_but_has_at_least_one_entry() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let big = "x".repeat(4_000);
    let run = (0..4).map(|n| item(&ann, &room, message(&n.to_string(), &big)));
    server.append(run.collect()).await;
    let few = |after, bytes| ReadLog {
        bytes,
        ..read(&ann, &room, after, 50)
    };
    let up = server.ask(few(Some(1), 9_000)).await.expect("a page");
    assert_eq!((seqs(&up), up.complete), (vec![2, 3], false));
    let down = server.ask(few(None, 9_000)).await.expect("a page");
    assert_eq!((seqs(&down), down.complete), (vec![4, 5], false));
    let one = server.ask(few(Some(1), 10)).await.expect("a page");
    assert_eq!(seqs(&one), [2]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_read_from_their_first_visible_entry() {
    let server = TestServer::new().await;
    let (ann, out) = (server.person("ann").await, server.person("out").await);
    let room = server.private(&ann, "quiet").await;
    server
        .send(&ann, &room, "1", "before bob")
        .await
        .expect("sent");
    let bob = server.invited("bob", &ann, &room).await;
    let his = server
        .ask(read(&bob, &room, Some(0), 50))
        .await
        .expect("a page");
    assert_eq!(
        (seqs(&his), his.visible_from, his.complete),
        (vec![4], 4, true)
    );
    let unrestricted = ReadLog {
        reader: None,
        ..read(&bob, &room, Some(0), 50)
    };
    assert_eq!(
        seqs(&server.ask(unrestricted).await.expect("a page")),
        [1, 2, 3, 4]
    );
    assert_refused(
        server.ask(read(&out, &room, None, 50)).await,
        &Refusal::NoSuchRoom,
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
    let his = server
        .ask(read(&bob, &room, None, 50))
        .await
        .expect("a page");
    assert_eq!(seqs(&his), [1, 2, 3, 4, 5]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_members_read_nothing() {
    let server = TestServer::new().await;
    let (ann, room) = filled(&server, 1).await;
    let bob = server.member("bob", &room).await;
    server
        .ask(read(&bob, &room, None, 50))
        .await
        .expect("a page");
    server
        .moderate(&ann, &room, &bob, Moderation::Ban)
        .await
        .expect("banned");
    assert_refused(
        server.ask(read(&bob, &room, None, 50)).await,
        &Refusal::NotMember,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn online_members_are_found_among_many_offline_ones() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    for n in 0..40 {
        server.member(&format!("m{n}"), &room).await;
    }
    let mut guests = Vec::new();
    for name in ["gus", "gil", "guy"] {
        let (guest, _) = server.guest(name).await;
        server.join(&guest, &room).await.expect("a member");
        guests.push(guest.user);
    }
    let online = |after, limit| Members {
        caller: ann.clone(),
        room: room.clone(),
        after,
        limit,
        online_only: true,
    };
    let first = server.ask(online(None, 2)).await.expect("members");
    let rest = server.ask(online(first.next.clone(), 2)).await;
    let rest = rest.expect("members");
    let found = first.members.iter().chain(&rest.members);
    let found: Vec<_> = found.map(|member| member.user.clone()).collect();
    guests.sort_unstable_by_key(|guest| guest.id);
    assert_eq!(found, guests);
    assert_eq!((first.members.len(), first.count), (2, 44));
    assert!(rest.next.is_none());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_paged_and_show_who_is_online() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    for n in 0..4 {
        server.member(&format!("m{n}"), &room).await;
    }
    let (gus, _) = server.guest("gus").await;
    server.join(&gus, &room).await.expect("a member");
    let page = |after, limit, online_only| Members {
        caller: ann.clone(),
        room: room.clone(),
        after,
        limit,
        online_only,
    };
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let found = server.ask(page(after, 4, false)).await.expect("members");
        assert_eq!(found.count, 6);
        names.extend(
            found
                .members
                .iter()
                .map(|member| member.user.name.to_string()),
        );
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    names.sort_unstable();
    assert_eq!(names, ["ann", "gus", "m0", "m1", "m2", "m3"]);
    let online = server.ask(page(None, 50, true)).await.expect("members");
    assert_eq!((online.members.len(), online.count), (1, 6));
    assert_eq!(online.members[0].user, gus.user);
    let bad = server.ask(page(Some("?".to_owned()), 4, false)).await;
    assert!(
        matches!(bad, Err(Refusal::BadRequest { field: "after", .. })),
        "{bad:?}"
    );
    let out = server.person("out").await;
    let stranger = Members {
        caller: out,
        ..page(None, 4, false)
    };
    assert_refused(server.ask(stranger).await, &Refusal::NotMember);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memberships_are_read_for_many_users_at_once() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let direct = OpenDirect {
        caller: ann.clone(),
        user: "@bob".to_owned(),
    };
    let direct = server
        .ask(direct)
        .await
        .expect("made")
        .card
        .room
        .key
        .clone();
    let users = vec![ann.user.id, bob.user.id];
    let found = server
        .ask(Memberships { users })
        .await
        .expect("memberships");
    let mut items: Vec<_> = found
        .iter()
        .map(|place| {
            (
                place.room.key.clone(),
                place.user == ann.user.id,
                place.role,
                place.head,
            )
        })
        .collect();
    items.sort_unstable();
    let expected = [
        (room.clone(), false, Role::Member, 2),
        (room, true, Role::Owner, 2),
        (direct.clone(), false, Role::Member, 2),
        (direct, true, Role::Member, 2),
    ];
    assert_eq!(items, expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recently_moved_heads_are_listed() {
    let server = TestServer::new().await;
    let (_, room) = filled(&server, 3).await;
    let heads = server.ask(RecentHeads).await.expect("heads");
    let heads: Vec<_> = heads.into_iter().map(range_of).collect();
    assert_eq!(heads, [(room, 4, 1)], "general has not moved");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_of_all_rooms_are_paged() {
    let server = TestServer::new().await;
    let (ann, room) = filled(&server, 3).await;
    let other = server.public(&ann, "b").await;
    let (mut after, mut heads) = (None, Vec::new());
    loop {
        let page = server.ask(Heads { after, limit: 2 }).await.expect("heads");
        let Some(last) = page.last() else { break };
        after = Some(last.room);
        heads.extend(page.into_iter().map(range_of));
    }
    heads.sort();
    let general = RoomKey("general".into());
    assert_eq!(heads, [(room, 4, 1), (other, 1, 1), (general, 0, 1)]);
    server.close().await;
}

fn range_of(head: RoomHead) -> (RoomKey, i64, i64) {
    (head.key, head.head, head.kept_from)
}
