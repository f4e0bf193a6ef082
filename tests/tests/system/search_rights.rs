//! A search finds what its asker may read now, and nothing else.

use crate::rights_cast::{Cast, How, Role};
use crate::search::{bodies, indexed, searching, texts};
use serde_json::{Value, json};
use tests::{Client, Server, on_both};

const NOTHING: [String; 0] = [];

/// The answers to a search in a room, by kind of room, in the order of [`Role::ALL`]: `ok`, or the error's
/// name. They are those of `history`.
const TABLE: [(&str, &str); 3] = [
    (
        "public",
        "ok ok ok ok ok not_member not_member not_member ok unauthenticated - -",
    ),
    (
        "private",
        "ok ok ok ok ok no_such_room no_such_room no_such_room ok unauthenticated - -",
    ),
    (
        "direct",
        "- - ok - - - no_such_room - ok unauthenticated no_such_room ok",
    ),
];

/// Makes a private room of alice's with bob in it.
async fn den(alice: &mut Client, bob: &mut Client, history: &str) -> String {
    let made = json!({"name": "Den", "kind": "private", "history": history});
    let made = alice.ok("room.create", made).await;
    let room = made["card"]["room"].as_str().unwrap().to_owned();
    alice.ok("join", json!({"room": room})).await;
    let_in(alice, bob, &room).await;
    room
}

async fn let_in(alice: &mut Client, bob: &mut Client, room: &str) {
    alice
        .ok("invite", json!({"room": room, "user": bob.id()}))
        .await;
    bob.ok("join", json!({"room": room})).await;
}

async fn people(server: &Server) -> [Client; 3] {
    let mut all = Vec::new();
    for name in ["alice", "bob", "carol"] {
        all.push(server.account(name).await);
    }
    all.try_into().unwrap_or_else(|_| panic!("three people"))
}

fn about(room: &str, user: &Client) -> Value {
    json!({"room": room, "user": user.id()})
}

on_both! {
    async fn in_one_room_everyone_may_what_the_table_says(store: Store) {
        let server = store.serve(searching()).await;
        let mut cast = Cast::gather(&server).await;
        for (kind, expected) in TABLE {
            let expected: Vec<&str> = expected.split_whitespace().collect();
            assert_eq!(expected.len(), Role::ALL.len());
            for (role, expected) in Role::ALL.into_iter().zip(expected) {
                if expected != "-" {
                    let answer = cast.play(kind, role, "search", How::Socket).await;
                    assert_eq!(answer, expected, "{kind} {role:?}");
                }
            }
        }
    }

    async fn a_private_room_is_found_by_its_members_alone(store: Store) {
        let server = store.serve(searching()).await;
        let [mut alice, mut bob, mut carol] = people(&server).await;
        let room = den(&mut alice, &mut bob, "all").await;
        alice.say(&room, "the hidden treasure").await;
        let direct = alice.ok("dm", json!({"user": bob.id()})).await;
        let direct = direct["card"]["room"].as_str().unwrap().to_owned();
        alice.say(&direct, "the direct treasure").await;
        alice.open("lounge").await;
        alice.say("lounge", "the public treasure").await;
        indexed(&server).await;
        let all = ["the public treasure", "the direct treasure", "the hidden treasure"];
        assert_eq!(texts(&mut alice, "treasure").await, all);
        assert_eq!(texts(&mut bob, "treasure").await, all[1..]);
        assert_eq!(texts(&mut carol, "treasure").await, NOTHING);
        carol.ok("join", json!({"room": "lounge"})).await;
        assert_eq!(texts(&mut carol, "treasure").await, all[..1]);
        let mut guest = server.guest("gast").await;
        assert_eq!(texts(&mut guest, "treasure").await, NOTHING);
        guest.ok("join", json!({"room": "lounge"})).await;
        assert_eq!(texts(&mut guest, "treasure").await, all[..1]);
        let hidden = json!({"query": "treasure", "room": room});
        carol.refused("search", hidden.clone(), "no_such_room").await;
        let unknown = json!({"query": "treasure", "room": "no such room"});
        carol.refused("search", unknown, "no_such_room").await;
        assert_eq!(bodies(&bob.ok("search", hidden).await), ["the hidden treasure"]);
    }

    async fn who_was_removed_finds_nothing_from_that_moment_on(store: Store) {
        let server = store.serve(searching()).await;
        let [mut alice, mut bob, _] = people(&server).await;
        let room = den(&mut alice, &mut bob, "all").await;
        alice.say(&room, "the treasure").await;
        indexed(&server).await;
        let by_http = server.api().bearing(&bob.token());
        for (removal, return_) in [("kick", None), ("ban", Some("unban"))] {
            assert_eq!(texts(&mut bob, "treasure").await, ["the treasure"]);
            alice.ok(removal, about(&room, &bob)).await;
            assert_eq!(texts(&mut bob, "treasure").await, NOTHING, "after a {removal}");
            let found = by_http.get("/api/v1/search?query=treasure").await.ok();
            assert_eq!(bodies(&found), NOTHING);
            if let Some(op) = return_ {
                alice.ok(op, about(&room, &bob)).await;
            }
            let_in(&mut alice, &mut bob, &room).await;
        }
        bob.ok("leave", json!({"room": room})).await;
        assert_eq!(texts(&mut bob, "treasure").await, NOTHING, "after leaving");
        assert_eq!(texts(&mut alice, "treasure").await, ["the treasure"]);
    }

    async fn what_was_said_before_somebody_joined_is_found_if_the_room_says_so(store: Store) {
        let server = store.serve(searching()).await;
        let [mut alice, mut bob, mut carol] = people(&server).await;
        let room = den(&mut alice, &mut bob, "since_join").await;
        alice.say(&room, "early word").await;
        let_in(&mut alice, &mut carol, &room).await;
        alice.say(&room, "late word").await;
        indexed(&server).await;
        assert_eq!(texts(&mut bob, "word").await, ["late word", "early word"]);
        assert_eq!(texts(&mut carol, "word").await, ["late word"]);
        // Whoever comes back begins anew.
        bob.ok("leave", json!({"room": room})).await;
        let_in(&mut alice, &mut bob, &room).await;
        assert_eq!(texts(&mut bob, "word").await, NOTHING);
        alice.ok("room.update", json!({"room": room, "history": "all"})).await;
        for person in [&mut bob, &mut carol] {
            assert_eq!(texts(person, "word").await, ["late word", "early word"]);
        }
    }
}
