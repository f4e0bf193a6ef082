//! `invite`, `kick`, `mute`.

use crate::house::{House, NOW, fresh, key, refused, repeated};
use rooms::api::{Change, Moderate, Moderation, Refusal, Role, UpdateRoom};
use std::sync::atomic::Ordering;

fn later(ms: i64) -> i64 {
    NOW.load(Ordering::Relaxed) + ms
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_invite_into_private_rooms_and_members_into_public_ones() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let private = house.private(&ann, "quiet").await;
    let public = house.public(&ann, "loud").await;
    let bob = house.invited("bob", &ann, &private).await;
    house.join(&bob, &public).await.expect("a member");
    let cleo = house.person("cleo").await;
    let invite = Moderation::Invite;
    refused(
        house.moderate(&bob, &private, &cleo, invite.clone()).await,
        &Refusal::Forbidden,
    );
    refused(
        house.moderate(&cleo, &public, &ann, invite.clone()).await,
        &Refusal::NotMember,
    );
    refused(
        house.moderate(&cleo, &private, &ann, invite.clone()).await,
        &Refusal::NoSuchRoom,
    );
    let seq = fresh(house.moderate(&bob, &public, &cleo, invite.clone()).await);
    assert_eq!(
        repeated(house.moderate(&ann, &public, &cleo, invite.clone()).await),
        seq
    );
    assert_eq!(
        repeated(house.moderate(&ann, &public, &bob, invite).await),
        2,
        "is in"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kick_ends_membership_and_invitation() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.private(&ann, "quiet").await;
    let bob = house.invited("bob", &ann, &room).await;
    let seq = fresh(house.moderate(&ann, &room, &bob, Moderation::Kick).await);
    assert_eq!(
        repeated(house.moderate(&ann, &room, &bob, Moderation::Kick).await),
        seq
    );
    refused(house.say(&bob, &room, "1", "x").await, &Refusal::NoSuchRoom);
    refused(house.join(&bob, &room).await, &Refusal::NoSuchRoom);

    fresh(house.moderate(&ann, &room, &bob, Moderation::Invite).await);
    fresh(house.moderate(&ann, &room, &bob, Moderation::Kick).await);
    refused(house.join(&bob, &room).await, &Refusal::NoSuchRoom);
    fresh(house.moderate(&ann, &room, &bob, Moderation::Invite).await);
    house.join(&bob, &room).await.expect("invited anew");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kicking_a_stranger_is_done_already() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = house.public(&ann, "a").await;
    assert_eq!(
        repeated(house.moderate(&ann, &room, &bob, Moderation::Kick).await),
        0
    );
    assert_eq!(house.kinds(&room).await, ["joined"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_on_equals_superiors_or_themselves() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let mia = house.ranked("mia", &ann, &room, Role::Moderator).await;
    let max = house.ranked("max", &ann, &room, Role::Moderator).await;
    let bob = house.member("bob", &room).await;
    let cleo = house.member("cleo", &room).await;
    let before = house.kinds(&room).await;
    let until_ms = later(60_000);
    for what in [
        Moderation::Kick,
        Moderation::Ban,
        Moderation::Mute { until_ms },
    ] {
        for (actor, subject) in [(&bob, &cleo), (&mia, &max), (&mia, &ann), (&ann, &ann)] {
            let outcome = house.moderate(actor, &room, subject, what.clone()).await;
            refused(outcome, &Refusal::Forbidden);
        }
    }
    assert_eq!(house.kinds(&room).await, before, "a refusal writes nothing");
    fresh(house.moderate(&mia, &room, &bob, Moderation::Kick).await);
    fresh(house.moderate(&ann, &room, &mia, Moderation::Kick).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_acts_on_owners() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.ranked("bob", &ann, &room, Role::Owner).await;
    fresh(house.moderate(&bob, &room, &ann, Moderation::Kick).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_do_not_act_on_administrators() {
    let house = House::new().await;
    let (ann, admin) = (house.person("ann").await, house.admin("root").await);
    let room = house.public(&ann, "a").await;
    house.join(&admin, &room).await.expect("a member");
    let mia = house.ranked("mia", &ann, &room, Role::Moderator).await;
    refused(
        house.moderate(&mia, &room, &admin, Moderation::Kick).await,
        &Refusal::Forbidden,
    );
    refused(
        house.moderate(&admin, &room, &ann, Moderation::Kick).await,
        &Refusal::Forbidden,
    );
    fresh(house.moderate(&ann, &room, &admin, Moderation::Kick).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_is_a_state_with_an_end() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let mute = |until_ms| house.moderate(&ann, &room, &bob, Moderation::Mute { until_ms });
    assert_eq!(repeated(mute(0).await), 0, "never was");
    let until = later(60_000);
    let seq = fresh(mute(until).await);
    assert_eq!(repeated(mute(until).await), seq);
    let page = house.members(&ann, &room).await;
    let seat = page
        .members
        .iter()
        .find(|member| member.user == bob.user)
        .expect("a member");
    assert_eq!(seat.muted_until, Some(until));
    fresh(mute(until + 1).await);
    let unmuted = fresh(mute(0).await);
    assert_eq!(repeated(mute(0).await), unmuted);
    house.say(&bob, &room, "1", "x").await.expect("may speak");
    let kinds = house.kinds(&room).await;
    assert_eq!(kinds[2..], ["muted", "muted", "unmuted", "message"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_and_coming_back_does_not_end_a_mute() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let until_ms = later(60_000);
    fresh(
        house
            .moderate(&ann, &room, &bob, Moderation::Mute { until_ms })
            .await,
    );
    house.leave(&bob, &room).await.expect("left");
    house.join(&bob, &room).await.expect("back");
    refused(house.say(&bob, &room, "1", "x").await, &Refusal::Muted);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_who_did_what_to_whom_and_why() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let kick = |user: &str, reason: &str| Moderate {
        caller: ann.clone(),
        room: room.clone(),
        user: user.to_owned(),
        what: Moderation::Kick,
        reason: Some(reason.to_owned()),
    };
    let bad = house.ask(kick("@bob", "\0")).await;
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
    fresh(house.ask(kick("@Bob", " spam ")).await);
    let entry = house.log(&room).await.pop().expect("entries");
    assert_eq!(entry.author, ann.user);
    let expected = Change::Kicked {
        user: bob.user.clone(),
        reason: Some("spam".to_owned()),
    };
    assert_eq!(entry.change, expected);
    refused(house.ask(kick("@nobody", "x")).await, &Refusal::NoSuchUser);
    let nowhere = Moderate {
        room: key("nowhere"),
        ..kick("@bob", "x")
    };
    refused(house.ask(nowhere).await, &Refusal::NoSuchRoom);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_be_muted() {
    let house = House::new().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = house.public(&ann, "a").await;
    let mute = Moderation::Mute { until_ms: later(1) };
    refused(
        house.moderate(&ann, &room, &bob, mute).await,
        &Refusal::NoSuchUser,
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_muted_write_nothing_that_others_read() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let mia = house.ranked("mia", &ann, &room, Role::Moderator).await;
    let cleo = house.person("cleo").await;
    for muted in [&bob, &mia] {
        let until_ms = later(60_000);
        let mute = Moderation::Mute { until_ms };
        fresh(house.moderate(&ann, &room, muted, mute).await);
    }
    let before = house.kinds(&room).await;
    let muted = Refusal::Muted;
    let invite = |who| house.moderate(who, &room, &cleo, Moderation::Invite);
    refused(invite(&bob).await, &muted);
    refused(invite(&mia).await, &muted);
    refused(
        house.moderate(&mia, &room, &bob, Moderation::Kick).await,
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
    refused(house.ask(update).await, &muted);
    assert_eq!(house.kinds(&room).await, before, "a refusal writes nothing");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_outlasts_a_kick_and_can_be_ended_meanwhile() {
    let house = House::new().await;
    let ann = house.person("ann").await;
    let room = house.public(&ann, "a").await;
    let bob = house.member("bob", &room).await;
    let mute = |until_ms| house.moderate(&ann, &room, &bob, Moderation::Mute { until_ms });
    let until = later(60_000);
    let seq = fresh(mute(until).await);
    fresh(house.moderate(&ann, &room, &bob, Moderation::Kick).await);
    assert_eq!(repeated(mute(until).await), seq);
    house.join(&bob, &room).await.expect("back");
    refused(house.say(&bob, &room, "1", "x").await, &Refusal::Muted);
    house.leave(&bob, &room).await.expect("left");
    let unmuted = fresh(mute(0).await);
    assert_eq!(repeated(mute(0).await), unmuted);
    house.join(&bob, &room).await.expect("back");
    house.say(&bob, &room, "1", "x").await.expect("may speak");
    house.close().await;
}
