//! `ReadMessages`: messages by their positions, as the caller may read them now.

use crate::server::TestServer;
use messaging::api::{MessageInRoom, ReadMessages};
use rooms::api::{Kind, Moderation, RoomId, Seq};
use sessions::api::Caller;
use std::collections::BTreeMap;

type Texts = BTreeMap<(RoomId, Seq), Option<String>>;

async fn read(
    server: &TestServer,
    who: &Caller,
    positions: &[(RoomId, Seq)],
) -> Vec<MessageInRoom> {
    let request = ReadMessages {
        caller: who.clone(),
        positions: positions.to_vec(),
    };
    server.ask(request).await.expect("messages")
}

async fn texts(server: &TestServer, who: &Caller, positions: &[(RoomId, Seq)]) -> Texts {
    let messages = read(server, who, positions).await.into_iter();
    messages
        .map(|one| ((one.room, one.seq), one.body))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_several_rooms_come_with_their_current_texts() {
    let server = TestServer::new().await;
    let (ann, kitchen) = server.ann_in_a_room().await;
    let hall = server.room(&ann, "hall").await;
    let first = server.send(&ann, &kitchen, "c1", "first").await.seq;
    let edited = server.send(&ann, &hall, "c2", "second").await.seq;
    server.edit(&ann, &hall, edited, "second, again").await;
    server.edit(&ann, &hall, edited, "edited").await;
    let deleted = server.send(&ann, &hall, "c3", "third").await.seq;
    server.edit(&ann, &hall, deleted, "third, edited").await;
    server.delete(&ann, &hall, deleted).await;
    let ids = [
        server.entry_room(&kitchen).await.id,
        server.entry_room(&hall).await.id,
    ];
    let wanted = [(ids[0], first), (ids[1], edited), (ids[1], deleted)];
    let expected: Texts = wanted
        .into_iter()
        .zip([Some("first".to_owned()), Some("edited".to_owned()), None])
        .collect();
    assert_eq!(texts(&server, &ann, &wanted).await, expected);
    let one = read(&server, &ann, &wanted[1..2]).await.remove(0);
    assert!(one.author == ann.user && one.edited_at >= Some(one.at) && one.reply_to.is_none());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_or_not_there_is_left_out() {
    let server = TestServer::new().await;
    let (ann, room) = server.ann_in_a_room().await;
    let seq = server.send(&ann, &room, "c1", "said").await.seq;
    let edit = server.edit(&ann, &room, seq, "edited").await.seq;
    let id = server.entry_room(&room).await.id;
    let odd = [
        (id, 1),
        (id, edit),
        (id, 99),
        (id, -1),
        (id, i64::MAX),
        (RoomId(-1), seq),
        (RoomId(999), 1),
    ];
    assert_eq!(texts(&server, &ann, &odd).await, Texts::new());
    assert_eq!(texts(&server, &ann, &[]).await, Texts::new());
    let repeated = vec![(id, seq); 5_000];
    assert_eq!(
        texts(&server, &ann, &repeated).await,
        Texts::from([((id, seq), Some("edited".to_owned()))])
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_what_they_may_not_read_now() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.room_of(&ann, "den", Kind::Private).await;
    let early = server.send(&ann, &room, "c1", "early").await.seq;
    let bob = server.invited("bob", &ann, &room).await;
    let carol = server.person("carol").await;
    let late = server.send(&ann, &room, "c2", "late").await.seq;
    let id = server.entry_room(&room).await.id;
    let both = [(id, early), (id, late)];
    assert_eq!(texts(&server, &ann, &both).await.len(), 2);
    assert_eq!(
        texts(&server, &bob, &both).await,
        Texts::from([((id, late), Some("late".to_owned()))])
    );
    assert_eq!(texts(&server, &carol, &both).await, Texts::new());
    server.moderate(&ann, &bob, &room, Moderation::Kick).await;
    assert_eq!(texts(&server, &bob, &both).await, Texts::new());
    server.close().await;
}
