//! Links by which people join.

use crate::server::{TestClock, TestServer, assert_refused, now, uptime};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::sql_types::Binary;
use futures_util::future::join_all;
use rooms::api::{
    CreateLink, FindLink, JoinByLink, Joined, Kind, Link, LinkCode, LinkCreated, LinkRevoked,
    LinkedRoom, Links, Moderation, Refusal, RevokeLink, Role, RoomKey, UpdateRoom,
};
use sessions::api::{Caller, DeleteAccount};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use storage::prelude::*;

const HOUR: i64 = 60 * 60 * 1000;
const FAR: i64 = 4_000_000_000_000;

type Limits = (Option<i64>, Option<i64>);

impl TestServer {
    async fn link(
        &self,
        by: &Caller,
        room: &RoomKey,
        cid: &str,
        (uses, until_ms): Limits,
    ) -> Result<LinkCreated, Refusal> {
        self.ask(CreateLink {
            caller: by.clone(),
            room: room.clone(),
            cid: cid.to_owned(),
            uses,
            until_ms,
        })
        .await
    }

    async fn code(&self, by: &Caller, room: &RoomKey, cid: &str, limits: Limits) -> LinkCode {
        self.link(by, room, cid, limits).await.expect("a link").code
    }

    async fn enter(
        &self,
        who: &Caller,
        room: &RoomKey,
        code: &LinkCode,
    ) -> Result<Joined, Refusal> {
        self.ask(JoinByLink {
            caller: who.clone(),
            room: room.clone(),
            code: code.clone(),
        })
        .await
    }

    async fn look(&self, code: &LinkCode) -> Result<LinkedRoom, Refusal> {
        let code = code.clone();
        self.ask(FindLink { code }).await
    }

    async fn links(&self, who: &Caller, room: &RoomKey) -> Result<Vec<Link>, Refusal> {
        self.ask(Links {
            caller: who.clone(),
            room: room.clone(),
        })
        .await
    }

    async fn revoke(
        &self,
        who: &Caller,
        room: &RoomKey,
        link: &Link,
    ) -> Result<LinkRevoked, Refusal> {
        self.ask(RevokeLink {
            caller: who.clone(),
            room: room.clone(),
            link: link.id.to_string(),
        })
        .await
    }
}

/// Creates a server, and the time of its clock.
async fn with_a_clock(settings: rooms::Settings) -> (TestServer, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(now()));
    let told = Arc::clone(&time);
    let clock = TestClock(move || told.load(Ordering::Relaxed), uptime);
    (TestServer::with_clock(settings, clock).await, time)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_a_private_room_and_shows_its_title_and_size() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.private(&ann, "garden").await;
    let made = server.link(&ann, &room, "c", (None, None)).await;
    let LinkCreated { link, code, dup } = made.expect("a link");
    assert!(!dup);
    let shown = server.look(&code).await.expect("a room");
    let expected = LinkedRoom {
        room: room.clone(),
        title: "garden".to_owned(),
        members: 1,
    };
    assert_eq!(shown, expected);
    let joined = server.enter(&bob, &room, &code).await.expect("a member");
    assert_eq!((joined.role, joined.dup), (Role::Member, false));
    assert_eq!(joined.visible_from, 2, "from their own joining");
    let listed = server.links(&ann, &room).await.expect("a list");
    assert_eq!(listed, [Link { used: 1, ..link }]);
    let again = server.enter(&bob, &room, &code).await.expect("a member");
    assert!(again.dup);
    assert_eq!(server.links(&ann, &room).await.unwrap()[0].used, 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_at_once_exactly_as_many_join_as_may() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "garden").await;
    let code = server.code(&ann, &room, "c", (Some(3), None)).await;
    let names: Vec<String> = (0..10).map(|n| format!("guest{n}")).collect();
    let people = join_all(names.iter().map(|name| server.person(name))).await;
    let outcomes = join_all(people.iter().map(|who| server.enter(who, &room, &code))).await;
    let (joined, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((joined.len(), refused.len()), (3, 7));
    for outcome in refused {
        assert_refused(outcome, &Refusal::NoSuchLink);
    }
    assert_eq!(server.members(&ann, &room).await.count, 4);
    assert_refused(server.look(&code).await, &Refusal::NoSuchLink);
    assert_eq!(server.links(&ann, &room).await, Ok(Vec::new()));
    // Whoever is in may repeat their command, though the link has ended.
    let members = server.members(&ann, &room).await.members;
    let inside = people
        .iter()
        .find(|who| members.iter().any(|one| one.user == who.user));
    let repeated = server.enter(inside.unwrap(), &room, &code).await;
    assert!(repeated.expect("a member").dup);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_creation_gives_the_same_link_and_code() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "garden").await;
    let first = server.link(&ann, &room, "c", (Some(2), Some(FAR))).await;
    let first = first.expect("a link");
    let again = server.link(&ann, &room, "c", (Some(2), Some(FAR))).await;
    assert_eq!(
        again,
        Ok(LinkCreated {
            dup: true,
            ..first.clone()
        })
    );
    for other in [(Some(3), Some(FAR)), (None, Some(FAR)), (Some(2), None)] {
        let outcome = server.link(&ann, &room, "c", other).await;
        assert_refused(outcome, &Refusal::CidConflict);
    }
    assert_eq!(server.links(&ann, &room).await.unwrap().len(), 1);
    let other = server.link(&ann, &room, "d", (Some(2), Some(FAR))).await;
    assert_ne!(other.expect("a link").code, first.code);
    let bob = server.member_with_role_by(&ann, &room).await;
    let theirs = server.link(&bob, &room, "c", (Some(2), Some(FAR))).await;
    let theirs = theirs.expect("a cid is its maker's own");
    assert!(!theirs.dup && theirs.code != first.code);
    server.close().await;
}

impl TestServer {
    /// Registers bob and makes him a moderator of ann's private room.
    async fn member_with_role_by(&self, ann: &Caller, room: &RoomKey) -> Caller {
        let bob = self.invited("bob", ann, room).await;
        let role = Moderation::Role(Role::Moderator);
        self.moderate(ann, room, &bob, role).await.expect("a role");
        bob
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_by_its_time() {
    let (server, clock) = with_a_clock(rooms::Settings::default()).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.private(&ann, "garden").await;
    let soon = now() + 100 * HOUR;
    let code = server.code(&ann, &room, "c", (None, Some(soon))).await;
    assert!(server.look(&code).await.is_ok());
    clock.store(soon, Ordering::Relaxed);
    assert_refused(server.look(&code).await, &Refusal::NoSuchLink);
    let late = server.enter(&bob, &room, &code).await;
    assert_refused(late, &Refusal::NoSuchLink);
    for until in [0, 1, soon] {
        let outcome = server.link(&ann, &room, "d", (None, Some(until))).await;
        let refused = matches!(
            outcome,
            Err(Refusal::BadRequest {
                field: "until_ms",
                ..
            })
        );
        assert!(refused, "{outcome:?}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_link_lets_nobody_in_who_looked_before() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "garden").await;
    let made = server.link(&ann, &room, "c", (None, None)).await.unwrap();
    assert!(server.look(&made.code).await.is_ok());
    let revoked = server.revoke(&ann, &room, &made.link).await;
    assert_eq!(revoked, Ok(LinkRevoked { dup: false }));
    let late = server.enter(&bob, &room, &made.code).await;
    assert_refused(late, &Refusal::NoSuchLink);
    assert_refused(server.look(&made.code).await, &Refusal::NoSuchLink);
    let again = server.revoke(&ann, &room, &made.link).await;
    assert_eq!(again, Ok(LinkRevoked { dup: true }));
    let repeated = server.link(&ann, &room, "c", (None, None)).await.unwrap();
    assert!(repeated.dup, "it was made, and ended since");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_its_own_room_and_nobody_elses() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (one, other) = (
        server.private(&ann, "one").await,
        server.private(&ann, "other").await,
    );
    let code = server.code(&ann, &one, "c", (None, None)).await;
    let nowhere = RoomKey("~nowhere".into());
    for room in [&other, &nowhere] {
        let outcome = server.enter(&bob, room, &code).await;
        assert_refused(outcome, &Refusal::NoSuchLink);
    }
    let mut wrong = code.0.clone();
    wrong.replace_range(0..1, if wrong.starts_with('A') { "B" } else { "A" });
    for guess in [wrong, String::new(), "x".repeat(60_000), "ä'\"".to_owned()] {
        let guess = LinkCode(guess);
        assert_refused(server.look(&guess).await, &Refusal::NoSuchLink);
        let outcome = server.enter(&bob, &one, &guess).await;
        assert_refused(outcome, &Refusal::NoSuchLink);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_does_not_lift_a_ban() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    for kind in [Kind::Public, Kind::Private] {
        let name = format!("{kind:?}").to_lowercase();
        let made = server.create(&ann, &name, kind).await.expect("a room");
        let room = made.card.room.key.clone();
        let bob = server.person(&format!("bob-{name}")).await;
        let code = server.code(&ann, &room, "c", (Some(1), None)).await;
        let banned = server.moderate(&ann, &room, &bob, Moderation::Ban).await;
        banned.expect("banned");
        let outcome = server.enter(&bob, &room, &code).await;
        assert_refused(outcome, &Refusal::Banned);
        assert!(server.look(&code).await.is_ok(), "it was not used up");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_end_with_the_right_to_give_them() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "garden").await;
    let kicked = server.member("kicked", &room).await;
    let banned = server.member("banned", &room).await;
    let plain = server.member("plain", &room).await;
    let role = Role::Moderator;
    let dismissed = server
        .member_with_role("dismissed", &ann, &room, role)
        .await;
    let kept = server.member_with_role("kept", &ann, &room, role).await;
    let mut codes = Vec::new();
    for who in [&kicked, &banned, &plain, &dismissed, &kept, &ann] {
        codes.push(server.code(who, &room, "c", (None, None)).await);
    }
    let works = |codes: Vec<LinkCode>| {
        let server = &server;
        async move {
            let mut works = Vec::new();
            for code in &codes {
                works.push(server.look(code).await.is_ok());
            }
            works
        }
    };
    server
        .moderate(&ann, &room, &kicked, Moderation::Kick)
        .await
        .expect("kicked");
    server
        .moderate(&ann, &room, &banned, Moderation::Ban)
        .await
        .expect("banned");
    assert_eq!(
        works(codes.clone()).await,
        [false, false, true, true, true, true]
    );
    let update = UpdateRoom {
        caller: ann.clone(),
        room: room.clone(),
        title: None,
        topic: None,
        history: None,
        kind: Some(Kind::Private),
    };
    server.ask(update).await.expect("private");
    assert_eq!(
        works(codes.clone()).await,
        [false, false, false, true, true, true]
    );
    let demoted = Moderation::Role(Role::Member);
    server
        .moderate(&ann, &room, &dismissed, demoted)
        .await
        .expect("demoted");
    server.leave(&kept, &room).await.expect("left");
    assert_eq!(works(codes).await, [false, false, false, false, true, true]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_leaves_no_links() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "garden").await;
    let bob = server.member("bob", &room).await;
    let code = server.code(&bob, &room, "c", (None, None)).await;
    let password = "a long password".to_owned();
    let caller = bob.clone();
    server
        .ask(DeleteAccount { caller, password })
        .await
        .expect("deleted");
    assert_refused(server.look(&code).await, &Refusal::NoSuchLink);
    let eve = server.person("eve").await;
    assert_refused(server.enter(&eve, &room, &code).await, &Refusal::NoSuchLink);
    server.store.quiet().await;
    assert_eq!(server.links(&ann, &room).await, Ok(Vec::new()));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_invite_makes_no_link_and_sees_only_their_own() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let (open, closed) = (
        server.public(&ann, "open").await,
        server.private(&ann, "closed").await,
    );
    let bob = server.member("bob", &open).await;
    let own = server
        .link(&bob, &open, "c", (None, None))
        .await
        .unwrap()
        .link;
    let anns = server
        .link(&ann, &open, "c", (None, None))
        .await
        .unwrap()
        .link;
    assert_eq!(server.links(&bob, &open).await, Ok(vec![own.clone()]));
    assert_eq!(server.links(&ann, &open).await.unwrap().len(), 2);
    assert_refused(
        server.revoke(&bob, &open, &anns).await,
        &Refusal::NoSuchLink,
    );
    assert_refused(
        server.revoke(&ann, &closed, &own).await,
        &Refusal::NoSuchLink,
    );
    assert!(
        server.revoke(&ann, &open, &own).await.is_ok(),
        "as an owner"
    );
    server
        .moderate(&ann, &closed, &bob, Moderation::Invite)
        .await
        .expect("invited");
    server.join(&bob, &closed).await.expect("a member");
    let outcome = server.link(&bob, &closed, "c", (None, None)).await;
    assert_refused(outcome, &Refusal::Forbidden);
    let eve = server.person("eve").await;
    assert_refused(server.links(&eve, &open).await, &Refusal::NotMember);
    assert_refused(server.links(&eve, &closed).await, &Refusal::NoSuchRoom);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_links_of_a_room_are_limited() {
    let quotas = rooms::Quotas {
        links_max: 3,
        ..rooms::Quotas::default()
    };
    let settings = rooms::Settings {
        quotas,
        ..rooms::Settings::default()
    };
    let (server, clock) = with_a_clock(settings).await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "garden").await;
    for cid in ["1", "2", "3"] {
        let made = server.link(&ann, &room, cid, (None, None)).await.unwrap();
        server
            .revoke(&ann, &room, &made.link)
            .await
            .expect("revoked");
    }
    let limit = "links_max";
    let outcome = server.link(&ann, &room, "4", (None, None)).await;
    assert_refused(outcome, &Refusal::LimitReached { limit });
    clock.fetch_add(25 * HOUR, Ordering::Relaxed);
    let made = server.link(&ann, &room, "4", (None, None)).await;
    assert!(!made.expect("the ended ones are forgotten").dup);
    server.close().await;
}

#[derive(QueryableByName)]
struct StoredLink {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Binary)]
    nonce: Vec<u8>,
    #[diesel(sql_type = Binary)]
    cid_hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    code_hash: Vec<u8>,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_has_neither_code_nor_cid() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "garden").await;
    let cid = "cid-of-the-link-of-ann";
    let code = server.code(&ann, &room, cid, (None, None)).await;
    let read = server.store.database().read("test", |reader| {
        Box::pin(async move {
            const ALL: &str = "SELECT id, nonce, cid_hash, code_hash FROM room_links";
            Ok(query!(reader, |c| diesel::sql_query(ALL).load::<StoredLink>(c))?)
        })
    });
    let [link] = &read.await.expect("a snapshot")[..] else {
        panic!("one link")
    };
    let decoded = URL_SAFE_NO_PAD.decode(&code.0).expect("a code is base64");
    assert!(decoded.len() >= 16, "at least 128 bits");
    for stored in [&link.id, &link.nonce, &link.cid_hash, &link.code_hash] {
        for secret in [code.0.as_bytes(), &decoded, cid.as_bytes()] {
            let found = stored
                .windows(secret.len().min(16))
                .any(|part| secret.starts_with(part));
            assert!(!found, "a copy of the store gives it away");
        }
    }
    server.close().await;
}
