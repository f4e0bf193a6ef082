//! `invite`, `kick`, `mute`.

use crate::server::{NOW, TestServer, assert_new, assert_refused, assert_repeated, key};
use rooms::api::{Change, Moderate, Moderation, Refusal, Role, UpdateRoom};
use std::sync::atomic::Ordering;

fn later(ms: i64) -> i64 {
    NOW.load(Ordering::Relaxed) + ms
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_invite_into_private_rooms_and_members_into_public_ones() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let private = server.private(&ann, "quiet").await;
    let public = server.public(&ann, "loud").await;
    let bob = server.invited("bob", &ann, &private).await;
    server.join(&bob, &public).await.expect("a member");
    let cleo = server.person("cleo").await;
    let invite = Moderation::Invite;
    assert_refused(
        server.moderate(&bob, &private, &cleo, invite.clone()).await,
        &Refusal::Forbidden,
    );
    assert_refused(
        server.moderate(&cleo, &public, &ann, invite.clone()).await,
        &Refusal::NotMember,
    );
    assert_refused(
        server.moderate(&cleo, &private, &ann, invite.clone()).await,
        &Refusal::NoSuchRoom,
    );
    let seq = assert_new(server.moderate(&bob, &public, &cleo, invite.clone()).await);
    assert_eq!(
        assert_repeated(server.moderate(&ann, &public, &cleo, invite.clone()).await),
        seq
    );
    assert_eq!(
        assert_repeated(server.moderate(&ann, &public, &bob, invite).await),
        2,
        "is in"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kick_ends_membership_and_invitation() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.private(&ann, "quiet").await;
    let bob = server.invited("bob", &ann, &room).await;
    let seq = assert_new(server.moderate(&ann, &room, &bob, Moderation::Kick).await);
    assert_eq!(
        assert_repeated(server.moderate(&ann, &room, &bob, Moderation::Kick).await),
        seq
    );
    assert_refused(
        server.send(&bob, &room, "1", "x").await,
        &Refusal::NoSuchRoom,
    );
    assert_refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);

    assert_new(server.moderate(&ann, &room, &bob, Moderation::Invite).await);
    assert_new(server.moderate(&ann, &room, &bob, Moderation::Kick).await);
    assert_refused(server.join(&bob, &room).await, &Refusal::NoSuchRoom);
    assert_new(server.moderate(&ann, &room, &bob, Moderation::Invite).await);
    server.join(&bob, &room).await.expect("invited anew");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kicking_a_non_member_is_a_repeat() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    assert_eq!(
        assert_repeated(server.moderate(&ann, &room, &bob, Moderation::Kick).await),
        0
    );
    assert_eq!(server.kinds(&room).await, ["joined"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_on_equal_or_higher_roles_or_themselves() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let mia = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let max = server
        .member_with_role("max", &ann, &room, Role::Moderator)
        .await;
    let bob = server.member("bob", &room).await;
    let cleo = server.member("cleo", &room).await;
    let before = server.kinds(&room).await;
    let until_ms = later(60_000);
    for what in [
        Moderation::Kick,
        Moderation::Ban,
        Moderation::Mute { until_ms },
    ] {
        for (actor, subject) in [(&bob, &cleo), (&mia, &max), (&mia, &ann), (&ann, &ann)] {
            let outcome = server.moderate(actor, &room, subject, what.clone()).await;
            assert_refused(outcome, &Refusal::Forbidden);
        }
    }
    assert_eq!(
        server.kinds(&room).await,
        before,
        "a refusal writes nothing"
    );
    assert_new(server.moderate(&mia, &room, &bob, Moderation::Kick).await);
    assert_new(server.moderate(&ann, &room, &mia, Moderation::Kick).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_acts_on_owners() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server
        .member_with_role("bob", &ann, &room, Role::Owner)
        .await;
    assert_new(server.moderate(&bob, &room, &ann, Moderation::Kick).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_do_not_act_on_administrators() {
    let server = TestServer::new().await;
    let (ann, admin) = (server.person("ann").await, server.admin("root").await);
    let room = server.public(&ann, "a").await;
    server.join(&admin, &room).await.expect("a member");
    let mia = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    assert_refused(
        server.moderate(&mia, &room, &admin, Moderation::Kick).await,
        &Refusal::Forbidden,
    );
    assert_refused(
        server.moderate(&admin, &room, &ann, Moderation::Kick).await,
        &Refusal::Forbidden,
    );
    assert_new(server.moderate(&ann, &room, &admin, Moderation::Kick).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_is_a_state_with_an_end() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let mute = |until_ms| server.moderate(&ann, &room, &bob, Moderation::Mute { until_ms });
    assert_eq!(assert_repeated(mute(0).await), 0, "never was");
    let until = later(60_000);
    let seq = assert_new(mute(until).await);
    assert_eq!(assert_repeated(mute(until).await), seq);
    let page = server.members(&ann, &room).await;
    let member = page
        .members
        .iter()
        .find(|member| member.user == bob.user)
        .expect("a member");
    assert_eq!(member.muted_until, Some(until));
    assert_new(mute(until + 1).await);
    let unmuted = assert_new(mute(0).await);
    assert_eq!(assert_repeated(mute(0).await), unmuted);
    server.send(&bob, &room, "1", "x").await.expect("may speak");
    let kinds = server.kinds(&room).await;
    assert_eq!(kinds[2..], ["muted", "muted", "unmuted", "message"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_and_coming_back_does_not_end_a_mute() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let until_ms = later(60_000);
    assert_new(
        server
            .moderate(&ann, &room, &bob, Moderation::Mute { until_ms })
            .await,
    );
    server.leave(&bob, &room).await.expect("left");
    server.join(&bob, &room).await.expect("back");
    assert_refused(server.send(&bob, &room, "1", "x").await, &Refusal::Muted);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_who_did_what_to_whom_and_why() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let kick = |user: &str, reason: &str| Moderate {
        caller: ann.clone(),
        room: room.clone(),
        user: user.to_owned(),
        what: Moderation::Kick,
        reason: Some(reason.to_owned()),
    };
    let bad = server.ask(kick("@bob", "\0")).await;
    assert!(
        matches!(
            bad,
            Err(Refusal::BadText {
                field: "reason",
                ..
            })
        ),
        "{bad:?}"
    );
    assert_new(server.ask(kick("@Bob", " spam ")).await);
    let entry = server.log(&room).await.pop().expect("entries");
    assert_eq!(entry.author, ann.user);
    let expected = Change::Kicked {
        user: bob.user.clone(),
        reason: Some("spam".to_owned()),
    };
    assert_eq!(entry.change, expected);
    assert_refused(server.ask(kick("@nobody", "x")).await, &Refusal::NoSuchUser);
    let nowhere = Moderate {
        room: key("nowhere"),
        ..kick("@bob", "x")
    };
    assert_refused(server.ask(nowhere).await, &Refusal::NoSuchRoom);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn non_members_cannot_be_muted() {
    let server = TestServer::new().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = server.public(&ann, "a").await;
    let mute = Moderation::Mute { until_ms: later(1) };
    assert_refused(
        server.moderate(&ann, &room, &bob, mute).await,
        &Refusal::NoSuchUser,
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_muted_write_nothing_that_others_read() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let mia = server
        .member_with_role("mia", &ann, &room, Role::Moderator)
        .await;
    let cleo = server.person("cleo").await;
    for muted in [&bob, &mia] {
        let until_ms = later(60_000);
        let mute = Moderation::Mute { until_ms };
        assert_new(server.moderate(&ann, &room, muted, mute).await);
    }
    let before = server.kinds(&room).await;
    let muted = Refusal::Muted;
    let invite = |who| server.moderate(who, &room, &cleo, Moderation::Invite);
    assert_refused(invite(&bob).await, &muted);
    assert_refused(invite(&mia).await, &muted);
    assert_refused(
        server.moderate(&mia, &room, &bob, Moderation::Kick).await,
        &muted,
    );
    let update = UpdateRoom {
        caller: mia.clone(),
        room: room.clone(),
        title: None,
        topic: Some("heard all the same".to_owned()),
        history: None,
        kind: None,
    };
    assert_refused(server.ask(update).await, &muted);
    assert_eq!(
        server.kinds(&room).await,
        before,
        "a refusal writes nothing"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_outlasts_a_kick_and_can_be_ended_meanwhile() {
    let server = TestServer::new().await;
    let ann = server.person("ann").await;
    let room = server.public(&ann, "a").await;
    let bob = server.member("bob", &room).await;
    let mute = |until_ms| server.moderate(&ann, &room, &bob, Moderation::Mute { until_ms });
    let until = later(60_000);
    let seq = assert_new(mute(until).await);
    assert_new(server.moderate(&ann, &room, &bob, Moderation::Kick).await);
    assert_eq!(assert_repeated(mute(until).await), seq);
    server.join(&bob, &room).await.expect("back");
    assert_refused(server.send(&bob, &room, "1", "x").await, &Refusal::Muted);
    server.leave(&bob, &room).await.expect("left");
    let unmuted = assert_new(mute(0).await);
    assert_eq!(assert_repeated(mute(0).await), unmuted);
    server.join(&bob, &room).await.expect("back");
    server.send(&bob, &room, "1", "x").await.expect("may speak");
    server.close().await;
}
