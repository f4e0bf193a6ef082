//! A room has a living owner as long as a living account is in it.

use crate::server::{TestServer, assert_new, assert_refused};
use rooms::api::{Moderation, Refusal, Role, RoomKey};
use sessions::api::operator::EraseAccount;
use sessions::api::{Caller, UserId};
use std::convert::Infallible;
use storage::prelude::*;

/// Deletes an account, and waits until all subscribers have handled it.
async fn erase(server: &TestServer, who: &Caller) {
    let name = who.user.name.to_string();
    let erased = server.store.run(EraseAccount { name }).await;
    assert_eq!(erased, Ok(true));
    server.store.quiet().await;
}

/// Executes SQL, to create the state of an older store.
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
async fn a_deleted_owners_room_passes_to_the_longest_standing_moderator() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let first = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let second = server
        .member_with_role("max", &ann, &room, Role::Moderator)
        .await;
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
    // The new owner cannot step down in favour of the deleted one.
    assert_refused(
        server
            .moderate(&first, &room, &first, Moderation::Role(Role::Member))
            .await,
        &Refusal::Forbidden,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_accounts_do_not_become_owners() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let gone = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let bob = server.member("bob", &room).await;
    erase(&server, &gone).await;
    assert_new(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_owner_does_not_count_as_an_owner() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let gone = server
        .member_with_role("mia", &ann, &room, Role::Owner)
        .await;
    let bob = server.member("bob", &room).await;
    erase(&server, &gone).await;
    assert_refused(
        server
            .moderate(&ann, &room, &ann, Moderation::Role(Role::Member))
            .await,
        &Refusal::Forbidden,
    );
    assert_new(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_behind_a_hundred_guests_becomes_owner() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    for guest in 0..110 {
        let (guest, _) = server.guest(&format!("guest-{guest}")).await;
        server.join(&guest, &room).await.expect("a member");
    }
    let bob = server.member("bob", &room).await;
    assert_new(server.leave(&ann, &room).await);
    assert_eq!(server.role_of(&bob, &room).await, Some(Role::Owner));
    assert_eq!(server.members(&bob, &room).await.count, 111);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_without_living_members_gets_the_next_account_as_owner() {
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
async fn general_gets_no_owner() {
    let server = TestServer::new().await;
    let general = crate::server::key("general");
    let ann = server.member("ann", &general).await;
    assert_eq!(server.role_of(&ann, &general).await, Some(Role::Member));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_without_owner_gets_one_after_the_start() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let bob = server.person("bob").await;
    let room = server.public(&ann, "a").await;
    server.join(&bob, &room).await.expect("a member");
    let other = server.public(&ann, "b").await;
    server.join(&bob, &other).await.expect("a member");
    // The state after a crash between the deletion of the account and the change of ownership.
    let lost = "UPDATE users SET ended_at = 1 WHERE name = 'ann'";
    server.store.run(Statement(lost)).await.expect("no refusal");
    // The state of an older store after its migration.
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
    owned.await.expect("the room gets an owner");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_member_count_follows_every_way_in_and_out() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let cleo = server.member("cleo", &room).await;
    let dora = server.member("dora", &room).await;
    let count = async || server.members(&ann, &room).await.count;
    assert_eq!(count().await, 4);
    assert_new(server.leave(&bob, &room).await);
    for (who, what) in [(&cleo, Moderation::Kick), (&dora, Moderation::Ban)] {
        assert_new(server.moderate(&ann, &room, who, what).await);
    }
    assert_eq!(count().await, 1);
    // Removing a non-member does not change the count.
    assert_new(server.moderate(&ann, &room, &cleo, Moderation::Ban).await);
    assert_eq!(count().await, 1);
    server.join(&bob, &room).await.expect("a member");
    server.join(&bob, &room).await.expect("still one");
    assert_eq!(count().await, 2);
    server.close().await;
}
