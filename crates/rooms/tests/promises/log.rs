//! The functions that messaging calls: messages, unread counts, standing, the catalogue.

use crate::items::{AppendJob, OwnedDraft, item, message};
use crate::server::{TestServer, assert_refused};
use rooms::api::log::{self, Standing, Window};
use rooms::api::{Kind, Moderation, Refusal, Role, RoomKey, Seq, catalogue};
use sessions::api::Caller;

async fn messages(
    server: &TestServer,
    room: &RoomKey,
    visible_from: Seq,
    window: Window,
    limit: usize,
) -> (Vec<Seq>, bool) {
    let room = room.clone();
    let read = server.store.database().read("test", move |reader| {
        Box::pin(async move {
            let id = id_of(reader, &room).await?;
            log::messages(reader, id, visible_from, window, limit, 1 << 20).await
        })
    });
    let (entries, more) = read.await.expect("a snapshot");
    (entries.iter().map(|entry| entry.seq).collect(), more)
}

async fn id_of(
    access: &mut storage::Reader<'_>,
    room: &RoomKey,
) -> Result<rooms::api::RoomId, storage::Fault> {
    let nobody = sessions::api::UserId([0; 16]);
    let listed = catalogue::public(access, nobody, None, 100).await?;
    let found = listed.iter().find(|item| item.card.room.key == *room);
    Ok(found.expect("a public room").card.room.id)
}

async fn unread(server: &TestServer, who: &Caller, room: &RoomKey, marker: Seq) -> (u32, u32) {
    let (room, user) = (room.clone(), who.user.id);
    let read = server.store.database().read("test", move |reader| {
        Box::pin(async move {
            let id = id_of(reader, &room).await?;
            log::unread(reader, id, user, marker).await
        })
    });
    read.await.expect("a snapshot")
}

async fn standing(server: &TestServer, who: &Caller, room: &RoomKey) -> Result<Standing, Refusal> {
    let (room, user) = (room.clone(), who.user.id);
    let read = server.store.database().read("test", move |reader| {
        Box::pin(async move { log::standing(reader, &room, user).await })
    });
    read.await.expect("a snapshot")
}

#[tokio::test(flavor = "multi_thread")]
async fn history_has_only_messages() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    for n in 0..3 {
        server
            .send(&ann, &room, &n.to_string(), "x")
            .await
            .expect("sent");
        server.member(&format!("m{n}"), &room).await;
    }
    let all = messages(&server, &room, 1, Window::Newest, 10).await;
    assert_eq!(all, (vec![2, 4, 6], false));
    assert_eq!(
        messages(&server, &room, 1, Window::Newest, 2).await,
        (vec![4, 6], true)
    );
    assert_eq!(
        messages(&server, &room, 1, Window::Before(6), 1).await,
        (vec![4], true)
    );
    assert_eq!(
        messages(&server, &room, 1, Window::Before(4), 9).await,
        (vec![2], false)
    );
    assert_eq!(
        messages(&server, &room, 1, Window::After(2), 1).await,
        (vec![4], true)
    );
    assert_eq!(
        messages(&server, &room, 1, Window::After(4), 9).await,
        (vec![6], false)
    );
    assert_eq!(
        messages(&server, &room, 4, Window::Newest, 9).await,
        (vec![4, 6], false)
    );
    assert_eq!(
        messages(&server, &room, 4, Window::After(0), 9).await,
        (vec![4, 6], false)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_others_above_the_marker_are_unread() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    assert_eq!(unread(&server, &bob, &room, 2).await, (0, 0));
    let run = vec![
        item(&ann, &room, message("1", "hello @bob")),
        item(&ann, &room, message("2", "gone @bob")),
        item(&ann, &room, message("3", "nobody")),
        item(&bob, &room, message("1", "his own")),
    ];
    server.store.run(AppendJob(run)).await.expect("no refusal");
    server
        .append(vec![item(&ann, &room, OwnedDraft::Delete(4))])
        .await;
    assert_eq!(unread(&server, &bob, &room, 2).await, (2, 1));
    assert_eq!(unread(&server, &bob, &room, 3).await, (1, 0));
    assert_eq!(unread(&server, &ann, &room, 1).await, (1, 0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_counts_end_at_999() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let run = (0..1_100).map(|n| item(&ann, &room, message(&n.to_string(), "@bob")));
    server.append(run.collect()).await;
    assert_eq!(unread(&server, &bob, &room, 2).await, (999, 999));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standing_has_role_and_first_visible_entry_and_refuses_non_members() {
    let server = TestServer::new().await;
    let (ann, admin) = (server.person("ann").await, server.admin("root").await);
    let public = server.public(&ann, "a").await;
    let private = server.private(&ann, "b").await;
    assert_refused(
        standing(&server, &admin, &public).await,
        &Refusal::NotMember,
    );
    assert_refused(
        standing(&server, &admin, &private).await,
        &Refusal::NoSuchRoom,
    );
    server.join(&admin, &public).await.expect("a member");
    server
        .moderate(&ann, &private, &admin, Moderation::Invite)
        .await
        .expect("invited");
    server.join(&admin, &private).await.expect("a member");
    let here = standing(&server, &admin, &public).await.expect("a member");
    assert_eq!(
        (here.role, here.visible_from, here.joined_seq),
        (Role::Moderator, 1, 2)
    );
    let there = standing(&server, &admin, &private).await.expect("a member");
    assert_eq!(
        (there.role, there.visible_from, there.head),
        (Role::Member, 3, 3)
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_lists_own_rooms_and_public_ones() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let names = ["c", "a", "b"];
    for name in names {
        server.public(&ann, name).await;
    }
    server
        .create(&ann, "hidden", Kind::Private)
        .await
        .expect("made");
    let (viewer, owner) = (bob.user.id, ann.user.id);
    let read = server.store.database().read("test", move |reader| {
        Box::pin(async move {
            let mine = catalogue::mine(reader, owner, Some("a"), 2).await?;
            let public = catalogue::public(reader, viewer, Some("a"), 2).await?;
            Ok((mine, public))
        })
    });
    let (mine, public) = read.await.expect("a snapshot");
    let keys = |listed: &[catalogue::Listed]| -> Vec<String> {
        listed
            .iter()
            .map(|item| item.card.room.key.0.to_string())
            .collect()
    };
    assert_eq!(keys(&mine), ["b", "c"]);
    assert_eq!(
        (mine[0].card.role, mine[0].joined_seq),
        (Some(Role::Owner), Some(1))
    );
    assert_eq!(keys(&public), ["b", "c"]);
    assert_eq!((public[0].card.role, public[0].joined_seq), (None, None));
    server.close().await;
}
