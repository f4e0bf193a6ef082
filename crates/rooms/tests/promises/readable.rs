//! `ReadableRooms`: what a person may read now.

use crate::server::{TestServer, assert_refused, key};
use rooms::api::{Moderation, Readable, ReadableRooms, Refusal, RoomKey, Seq};
use sessions::api::Caller;
use std::collections::BTreeMap;

fn wanted(caller: &Caller, room: Option<&RoomKey>, author: Option<&str>) -> ReadableRooms {
    ReadableRooms {
        caller: caller.clone(),
        room: room.cloned(),
        author: author.map(str::to_owned),
    }
}

async fn all(server: &TestServer, caller: &Caller) -> BTreeMap<RoomKey, Seq> {
    by_key(server.ask(wanted(caller, None, None)).await.expect("rooms"))
}

fn by_key(readable: Readable) -> BTreeMap<RoomKey, Seq> {
    let rooms = readable.rooms.into_iter();
    rooms
        .map(|one| (one.room.key.clone(), one.visible_from))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_read_their_rooms_from_where_each_may_read_it() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let public = server.public(&ann, "kitchen").await;
    let private = server.private(&ann, "den").await;
    assert_eq!(all(&server, &bob).await, BTreeMap::new());
    server.join(&bob, &public).await.expect("a member");
    server
        .moderate(&ann, &private, &bob, Moderation::Invite)
        .await
        .expect("invited");
    let joined = server.join(&bob, &private).await.expect("a member");
    let expected = BTreeMap::from([(public.clone(), 1), (private.clone(), joined.visible_from)]);
    assert_eq!(all(&server, &bob).await, expected);
    assert!(
        joined.visible_from > 1,
        "a private room shows what comes after joining"
    );
    let one = server
        .ask(wanted(&bob, Some(&private), None))
        .await
        .expect("the room");
    assert_eq!(
        by_key(one),
        BTreeMap::from([(private.clone(), joined.visible_from)])
    );
    server
        .moderate(&ann, &private, &bob, Moderation::Kick)
        .await
        .expect("kicked");
    assert_eq!(all(&server, &bob).await, BTreeMap::from([(public, 1)]));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_not_theirs_is_refused_as_everywhere() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let public = server.public(&ann, "kitchen").await;
    let private = server.private(&ann, "den").await;
    for (room, refusal) in [
        (public, Refusal::NotMember),
        (private, Refusal::NoSuchRoom),
        (key("nowhere"), Refusal::NoSuchRoom),
        (key("\0"), Refusal::NoSuchRoom),
    ] {
        assert_refused(server.ask(wanted(&bob, Some(&room), None)).await, &refusal);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_is_found_by_name_or_id() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let author = |text: String| {
        let server = &server;
        let request = wanted(&ann, None, Some(&text));
        async move { server.ask(request).await.map(|readable| readable.author) }
    };
    assert_eq!(author("@Ann".into()).await, Ok(Some(ann.user.id)));
    assert_eq!(author(ann.user.id.to_string()).await, Ok(Some(ann.user.id)));
    let unknown = sessions::api::UserId([9; 16]);
    assert_eq!(
        author(unknown.to_string()).await,
        Ok(Some(unknown)),
        "who is gone has entries"
    );
    for nobody in ["@nobody", "ann", "", "@", "@\0"] {
        assert_eq!(
            author(nobody.into()).await,
            Err(Refusal::NoSuchUser),
            "{nobody:?}"
        );
    }
    server.close().await;
}
