//! A room has a living owner as long as somebody living is in it.

use crate::server::{TestServer, fresh, refused};
use rooms::api::{Moderation, Refusal, Role, RoomKey};
use sessions::api::operator::EraseAccount;
use sessions::api::{Caller, UserId};
use std::convert::Infallible;
use storage::prelude::*;

/// Deletes someone's account, and waits until everyone who should know does.
async fn erase(server: &TestServer, who: &Caller) {
    let name = who.user.name.to_string();
    let erased = server.store.run(EraseAccount { name }).await;
    assert_eq!(erased, Ok(true));
    server.store.quiet().await;
}

/// A plain statement, as a store of another time would have had it.
struct Statement(&'static str);

impl Job for Statement {
    const NAME: &'static str = "rooms.test_statement";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(1)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        statement!(tx, |c| diesel::sql_query(self.0).execute(c))?;
        Ok(())
    }
}

async fn role_in(server: &TestServer, reader: &Caller, room: &RoomKey, of: UserId) -> Option<Role> {
    let page = server.members(reader, room).await;
    let member = page.members.iter().find(|member| member.user.id == of);
    member.map(|member| member.role)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_owner_leaves_the_room_to_the_longest_standing_moderator() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let first = server.ranked("mia", &ann, &room, Role::Moderator).await;
    let second = server.ranked("max", &ann, &room, Role::Moderator).await;
    erase(&server, &ann).await;
    let expected = [
        (&first, Role::Owner),
        (&second, Role::Moderator),
        (&bob, Role::Member),
    ];
    for (who, role) in expected {
        assert_eq!(server.role_of(who, &room).await, Some(role));
    }
    assert_eq!(server.kinds(&room).await.last(), Some(&"role"));
    assert_eq!(server.members(&bob, &room).await.count, 4, "ann stays one");
    // The one who inherited may not step down in favour of somebody who is no more.
    refused(
        server
            .moderate(&first, &room, &first, Moderation::Role(Role::Member))
            .await,
        &Refusal::Forbidden,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_inherits_who_was_deleted() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let gone = server.ranked("mia", &ann, &room, Role::Moderator).await;
    let bob = server.member("bob", &room).await;
    erase(&server, &gone).await;
    fresh(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_was_deleted_counts_for_nothing() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let gone = server.ranked("mia", &ann, &room, Role::Owner).await;
    let bob = server.member("bob", &room).await;
    erase(&server, &gone).await;
    refused(
        server
            .moderate(&ann, &room, &ann, Moderation::Role(Role::Member))
            .await,
        &Refusal::Forbidden,
    );
    fresh(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_guests_do_not_hide_the_account_behind_them() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    for guest in 0..110 {
        let (guest, _) = server.guest(&format!("guest-{guest}")).await;
        server.join(&guest, &room).await.expect("a member");
    }
    let bob = server.member("bob", &room).await;
    fresh(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(server.members(&bob, &room).await.count, 111);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_without_anyone_living_waits_for_the_next_account() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let (guest, _) = server.guest("gus").await;
    server.join(&guest, &room).await.expect("a member");
    erase(&server, &ann).await;
    let (other, _) = server.guest("gil").await;
    let joined = server.join(&other, &room).await.expect("a member");
    assert_eq!(joined.role, Role::Member, "guests never own a room");
    let bob = server.person("bob").await;
    let joined = server.join(&bob, &room).await.expect("a member");
    assert_eq!(joined.role, Role::Owner);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    let kinds = server.kinds(&room).await;
    assert_eq!(kinds[kinds.len() - 2..], ["joined", "role"]);
    let cleo = server.member("cleo", &room).await;
    assert_eq!(server.role_of(&cleo, &room).await, Some(Role::Member));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_the_server_gets_no_owner() {
    let server = TestServer::new().await;
    let general = crate::server::key("general");
    let ann = server.member("ann", &general).await;
    assert_eq!(server.role_of(&ann, &general).await, Some(Role::Member));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_was_left_without_owner_is_repaired_after_the_start() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let bob = server.person("bob").await;
    let room = server.public(&ann, "a").await;
    server.join(&bob, &room).await.expect("a member");
    let other = server.public(&ann, "b").await;
    server.join(&bob, &other).await.expect("a member");
    // What a crash between the deletion and the passing on leaves behind.
    let lost = "UPDATE users SET ended_at = 1 WHERE name = 'ann'";
    server.store.run(Statement(lost)).await.expect("no refusal");
    // And what a store of today has after its migration.
    let noted = "UPDATE members SET may_own = FALSE
        WHERE user_id IN (SELECT id FROM users WHERE ended_at = 1)
        AND room_id IN (SELECT id FROM rooms WHERE key = 'b')";
    server
        .store
        .run(Statement(noted))
        .await
        .expect("no refusal");
    rooms::tasks(server.store.tasks(), &server.deps);
    let owned = async {
        for room in [&room, &other] {
            while role_in(&server, &bob, room, bob.user.id).await != Some(Role::Owner) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    };
    let owned = tokio::time::timeout(std::time::Duration::from_secs(60), owned);
    owned.await.expect("the room is given to somebody");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_of_members_follows_every_way_in_and_out() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let cleo = server.member("cleo", &room).await;
    let dora = server.member("dora", &room).await;
    let count = async || server.members(&ann, &room).await.count;
    assert_eq!(count().await, 4);
    fresh(server.leave(&bob, &room).await);
    for (who, what) in [(&cleo, Moderation::Kick), (&dora, Moderation::Ban)] {
        fresh(server.moderate(&ann, &room, who, what).await);
    }
    assert_eq!(count().await, 1);
    // Who is out already is not counted out again.
    fresh(server.moderate(&ann, &room, &cleo, Moderation::Ban).await);
    assert_eq!(count().await, 1);
    server.join(&bob, &room).await.expect("a member");
    server.join(&bob, &room).await.expect("still one");
    assert_eq!(count().await, 2);
    server.close().await;
}
