//! Invitations: they wait for people who are offline, can be declined, and end when the inviter
//! loses the right to invite.

use serde_json::{Value, json};
use tests::{Client, Server, Settings, on_both};

async fn made(owner: &mut Client, name: &str, kind: &str) -> String {
    let made = owner
        .ok("room.create", json!({"name": name, "kind": kind}))
        .await;
    made["card"]["room"].as_str().unwrap().to_owned()
}

async fn invite(by: &mut Client, room: &str, whom: &Client) -> Value {
    by.ok("invite", json!({"room": room, "user": whom.id()}))
        .await
}

async fn invitations(client: &mut Client) -> Vec<Value> {
    let list = client.ok("rooms", json!({})).await;
    list["invitations"].as_array().unwrap().clone()
}

/// Bob has a token and is offline.
async fn away(server: &Server) -> (Client, Value) {
    let bob = server.account("bob").await;
    let hello = json!({"token": bob.token(), "subscribe": "all"});
    let mut bob = bob;
    bob.ok("ping", json!({})).await;
    (bob, hello)
}

on_both! {
    async fn an_invitation_waits_for_those_who_are_away(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let (bob, hello) = away(&server).await;
        let room = made(&mut alice, "Plans", "private").await;
        bob.vanish();
        let bob = server.hello(hello.clone()).await;
        let invited = invite(&mut alice, &room, &bob).await;
        bob.vanish();
        let mut bob = server.hello(hello.clone()).await;
        let push = bob.push("room", &room).await;
        assert_eq!((&push["why"], &push["by"]), (&json!("invited"), alice.user()));
        assert_eq!(push["card"]["title"], "Plans");
        bob.push("resumed", "").await;
        let waiting = invitations(&mut bob).await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0]["card"]["room"], json!(room));
        assert_eq!((&waiting[0]["by"], &waiting[0]["seq"]), (alice.user(), &invited["seq"]));
        let list = server.api().bearing(&bob.token()).get("/api/v1/rooms").await.ok();
        assert_eq!(list["invitations"], json!(waiting));
        assert!(bob.ok("rooms", json!({"all": true})).await.get("invitations").is_none());
        bob.ok("join", json!({"room": room})).await;
        assert!(invitations(&mut bob).await.is_empty(), "used up");
        bob.vanish();
        let mut bob = server.hello(hello).await;
        bob.push("resumed", "").await;
        assert!(bob.pushed("room", &room).iter().all(|push| push["why"] != "invited"));
    }

    async fn an_invitation_can_be_declined(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let room = made(&mut alice, "Plans", "private").await;
        let invited = invite(&mut alice, &room, &bob).await;
        for dup in [false, true] {
            let declined = bob.ok("leave", json!({"room": room})).await;
            assert_eq!((&declined["dup"], &declined["seq"]), (&json!(dup), &invited["seq"]));
        }
        assert!(invitations(&mut bob).await.is_empty());
        bob.refused("join", json!({"room": room}), "no_such_room").await;
        let log = alice.ok("log", json!({"room": room, "after": 0})).await;
        assert_eq!(log["head"], invited["seq"], "no entry says so");
        assert_eq!(invite(&mut alice, &room, &bob).await["dup"], false);
        bob.ok("join", json!({"room": room})).await;
        let mut carol = server.account("carol").await;
        carol.refused("leave", json!({"room": room}), "no_such_room").await;
    }

    async fn what_members_gave_ends_when_the_room_becomes_private(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let mut stranger = server.account("stranger").await;
        let mut friend = server.account("friend").await;
        let mut both = server.account("both").await;
        let room = made(&mut alice, "lounge", "public").await;
        bob.ok("join", json!({"room": room})).await;
        invite(&mut bob, &room, &stranger).await;
        invite(&mut bob, &room, &both).await;
        assert_eq!(invite(&mut alice, &room, &both).await["dup"], true);
        invite(&mut alice, &room, &friend).await;
        alice.ok("room.update", json!({"room": room, "kind": "private"})).await;
        stranger.refused("join", json!({"room": room}), "no_such_room").await;
        assert!(invitations(&mut stranger).await.is_empty());
        friend.ok("join", json!({"room": room})).await;
        both.ok("join", json!({"room": room})).await;
    }

    async fn invitations_end_with_the_right_to_give_them(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let room = made(&mut alice, "Plans", "private").await;
        for (n, op) in ["role", "kick", "ban"].into_iter().enumerate() {
            let mut mia = server.account(&format!("mia-{n}")).await;
            let mut friend = server.account(&format!("friend-{n}")).await;
            invite(&mut alice, &room, &mia).await;
            mia.ok("join", json!({"room": room})).await;
            let role = |role| json!({"room": room, "user": format!("@mia-{n}"), "role": role});
            alice.ok("role", role("moderator")).await;
            invite(&mut mia, &room, &friend).await;
            let end = if op == "role" { role("member") } else { json!({"room": room, "user": mia.id()}) };
            alice.ok(op, end).await;
            friend.refused("join", json!({"room": room}), "no_such_room").await;
        }
    }

    async fn one_person_cannot_take_all_the_places(store: Store) {
        let settings = Settings::default()
            .with("PARLOR_INVITATIONS_MAX", "3")
            .with("PARLOR_INVITATIONS_EACH_MAX", "2");
        let server = store.serve(settings).await;
        let mut bob = server.account("bob").await;
        let mut rooms = Vec::new();
        for (name, limit) in [("eve", "invitations_each_max"), ("mallory", "invitations_max")] {
            let mut client = server.account(name).await;
            for n in 0..3 {
                let room = made(&mut client, &format!("{name}-{n}"), "public").await;
                let asked = json!({"room": room, "user": bob.id()});
                match client.call("invite", asked).await {
                    Ok(_) => rooms.push(room),
                    Err(refusal) => {
                        assert_eq!(refusal.all["limit"], limit);
                        break;
                    }
                }
            }
        }
        assert_eq!(rooms.len(), 3);
        assert_eq!(invitations(&mut bob).await.len(), 3);
    }
}
