//! `role`.

use crate::server::{TestServer, assert_new, assert_refused, assert_repeated};
use rooms::api::{Moderation, Refusal, Role};

#[tokio::test(flavor = "multi_thread")]
async fn owners_appoint_and_dismiss_moderators_and_owners() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let make = |role| server.moderate(&ann, &room, &bob, Moderation::Role(role));
    assert_eq!(
        assert_repeated(make(Role::Member).await),
        2,
        "since joining"
    );
    for role in [Role::Moderator, Role::Owner, Role::Member] {
        let seq = assert_new(make(role).await);
        assert_eq!(assert_repeated(make(role).await), seq);
        assert_eq!(server.role_of(&bob, &room).await, Some(role));
    }
    assert_eq!(
        server.role_of(&ann, &room).await,
        Some(Role::Owner),
        "an owner is added"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_give_roles() {
    let server = TestServer::new().await;
    let (ann, admin) = (server.person("ann").await, server.admin("root").await);
    let room = server.public(&ann, "a").await;
    server.join(&admin, &room).await.expect("a member");
    let mia = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let bob = server.member("bob", &room).await;
    for by in [&mia, &bob, &admin] {
        let outcome = server
            .moderate(by, &room, &bob, Moderation::Role(Role::Moderator))
            .await;
        assert_refused(outcome, &Refusal::Forbidden);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_stay_members() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let (gus, _) = server.guest("gus").await;
    server.join(&gus, &room).await.expect("a member");
    for role in [Role::Moderator, Role::Owner] {
        let outcome = server
            .moderate(&ann, &room, &gus, Moderation::Role(role))
            .await;
        assert_refused(outcome, &Refusal::NotAllowedForGuests);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_owner_cannot_step_down_and_non_members_have_no_role() {
    let server = TestServer::new().await;
    let (ann, out) = (server.person("ann").await, server.person("out").await);
    let room = server.public(&ann, "a").await;
    let step_down = Moderation::Role(Role::Member);
    assert_refused(
        server.moderate(&ann, &room, &ann, step_down.clone()).await,
        &Refusal::Forbidden,
    );
    assert_refused(
        server.moderate(&ann, &room, &out, step_down.clone()).await,
        &Refusal::NoSuchUser,
    );
    server
        .member_with_role("bob", &ann, &room, Role::Owner)
        .await;
    assert_new(server.moderate(&ann, &room, &ann, step_down).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_ends_with_the_membership() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let mia = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    server.leave(&mia, &room).await.expect("left");
    assert_eq!(
        server.join(&mia, &room).await.expect("back").role,
        Role::Member
    );
    server.close().await;
}
