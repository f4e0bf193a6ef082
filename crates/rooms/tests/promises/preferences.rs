//! `room.prefs`.

use crate::server::{TestServer, assert_refused, now};
use rooms::api::{Preferences, PreferencesSet, Refusal, RoomKey, SetPreferences, catalogue};
use sessions::api::{Caller, DeleteAccount};

const FOR_GOOD: i64 = (1 << 53) - 1;

impl TestServer {
    async fn prefer(
        &self,
        who: &Caller,
        room: &RoomKey,
        (quiet_until, favourite): (Option<i64>, Option<bool>),
    ) -> Result<PreferencesSet, Refusal> {
        self.ask(SetPreferences {
            caller: who.clone(),
            connection: None,
            room: room.clone(),
            quiet_until,
            favourite,
        })
        .await
    }

    async fn preferences(&self, who: &Caller) -> Vec<Preferences> {
        let user = who.user.id;
        let read = self.store.database().read("test", move |reader| {
            Box::pin(async move { catalogue::mine(reader, user, None, 50).await })
        });
        let listed = read.await.expect("a snapshot");
        listed.iter().map(|room| room.preferences).collect()
    }
}

fn preferences(quiet_until: i64, favourite: bool) -> Preferences {
    Preferences {
        quiet_until,
        favourite,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_preference_changes_alone_and_a_repeat_changes_nothing() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let set = |quiet, favourite| server.prefer(&ann, &room, (quiet, favourite));
    let steps = [
        ((None, None), preferences(0, false), true),
        ((None, Some(false)), preferences(0, false), true),
        ((None, Some(true)), preferences(0, true), false),
        ((Some(FOR_GOOD), None), preferences(FOR_GOOD, true), false),
        (
            (Some(FOR_GOOD), Some(true)),
            preferences(FOR_GOOD, true),
            true,
        ),
        ((None, Some(false)), preferences(FOR_GOOD, false), false),
        ((Some(0), None), preferences(0, false), false),
        ((Some(0), None), preferences(0, false), true),
    ];
    for ((quiet, favourite), preferences, dup) in steps {
        let expected = PreferencesSet { preferences, dup };
        assert_eq!(set(quiet, favourite).await, Ok(expected));
        assert_eq!(server.preferences(&ann).await, [preferences]);
    }
    assert_eq!(server.kinds(&room).await, ["joined"], "nobody else knows");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_has_passed_is_none() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let past = server.prefer(&ann, &room, (Some(now() - 1), None)).await;
    assert_eq!(past.map(|set| set.dup), Ok(true), "nothing was set before");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_the_members_own_and_end_with_the_membership() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let hidden = server.private(&ann, "hidden").await;
    let bob = server.person("bob").await;
    let wanted = (Some(FOR_GOOD), Some(true));
    assert_refused(
        server.prefer(&bob, &room, wanted).await,
        &Refusal::NotMember,
    );
    assert_refused(
        server.prefer(&bob, &hidden, wanted).await,
        &Refusal::NoSuchRoom,
    );
    server.join(&bob, &room).await.expect("a member");
    server.prefer(&bob, &room, wanted).await.expect("set");
    assert_eq!(server.preferences(&ann).await, [preferences(0, false); 2]);
    server.leave(&bob, &room).await.expect("left");
    server.join(&bob, &room).await.expect("a member again");
    assert_eq!(server.preferences(&bob).await, [preferences(0, false)]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_leaves_none() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let wanted = (Some(FOR_GOOD), Some(true));
    server.prefer(&bob, &room, wanted).await.expect("set");
    let password = "a long password".to_owned();
    let caller = bob.clone();
    let deleted = server.ask(DeleteAccount { caller, password }).await;
    deleted.expect("deleted");
    server.store.quiet().await;
    // The membership of a deleted account stays.
    assert_eq!(server.preferences(&bob).await, [preferences(0, false)]);
    server.close().await;
}
