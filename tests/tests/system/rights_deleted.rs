//! What a deleted account may do, and what others may do to it: the column of the table of
//! permissions that needs no room.

use serde_json::{Value, json};
use tests::{Client, Server, contract, on_both};

/// Every op: what others get that name the deleted person in it; `-` if it names nobody. The
/// deleted person gets nothing: their connections close, and nobody can sign in as them.
const TABLE: &str = "
hello          -
ping           -
rooms          -
sessions       -
session.revoke bad_request
logout         -
room.create    -
dm             no_such_user
join           -
leave          -
send           -
edit           -
delete         -
react          -
log            -
history        -
read           -
typing         -
members        -
presence       -
room.update    -
invite         no_such_user
kick           no_such_user
ban            no_such_user
unban          no_such_user
mute           no_such_user
role           no_such_user
room.prefs     -
link.create    -
link.revoke    -
links          -
link.info      -
profile.set    -
profiles       -
";

fn rows() -> Vec<(&'static str, &'static str)> {
    let lines = TABLE.lines().filter(|line| !line.is_empty());
    let row = |line: &'static str| line.split_once(' ').expect("an op and an answer");
    lines.map(row).map(|(op, told)| (op, told.trim())).collect()
}

/// Bob owns `lounge`; alice was a member and moderator of it, and her account is deleted.
async fn deleted(server: &Server) -> (Client, Client) {
    let mut bob = server.account("bob").await;
    bob.open("lounge").await;
    let mut alice = server.account("alice").await;
    alice.ok("join", json!({"room": "lounge"})).await;
    alice.say("lounge", "I was here").await;
    let role = json!({"room": "lounge", "user": alice.id(), "role": "moderator"});
    bob.ok("role", role).await;
    let right = json!({"password": "the password of alice"});
    let api = server.api().bearing(&alice.token());
    let _ = api.post("/api/v1/delete-account", &right).await.ok();
    (bob, alice)
}

fn naming(op: &str, alice: &Client) -> Value {
    let mut d = json!({"room": "lounge", "user": alice.id()});
    match op {
        "session.revoke" => return json!({"session": alice.greeting()["session"]}),
        "dm" => return json!({"user": alice.id()}),
        "mute" => d["until_ms"] = json!(4_000_000_000_000_u64),
        "role" => d["role"] = json!("member"),
        _ => {}
    }
    d
}

#[test]
fn every_op_has_a_row_for_the_deleted() {
    let ops: std::collections::BTreeSet<String> =
        rows().iter().map(|(op, _)| (*op).to_owned()).collect();
    assert_eq!(ops, contract().ops);
}

on_both! {
    async fn nobody_acts_on_the_deleted(store: Store) {
        let server = store.server().await;
        let (mut bob, alice) = deleted(&server).await;
        for (op, told) in rows() {
            if told != "-" {
                bob.refused(op, naming(op, &alice), told).await;
            }
        }
        bob.refused("dm", json!({"user": "@alice"}), "no_such_user").await;
        bob.refused("dm", json!({"user": "@deleted user"}), "no_such_user").await;
    }

    async fn the_deleted_do_nothing_any_more(store: Store) {
        let server = store.server().await;
        let (_bob, mut alice) = deleted(&server).await;
        assert_eq!(alice.closed().await.code, Some(4502));
        let mut back = server.connect().await;
        let refused = back.hello(json!({"token": alice.token()})).await.unwrap_err();
        assert_eq!(refused.name, "bad_credentials");
        assert_eq!(back.closed().await.code, Some(4502));
        let api = server.api().bearing(&alice.token());
        for path in ["me", "rooms", "rooms/lounge/history"] {
            let _ = api.get(&format!("/api/v1/{path}")).await.refused("bad_credentials");
        }
        let bodies = [
            ("logout", json!({})),
            ("password", json!({"old": "the password of alice", "new": "another password"})),
            ("delete-account", json!({"password": "the password of alice"})),
            ("rooms/lounge/messages", json!({"cid": "c", "body": "still here"})),
        ];
        for (path, body) in bodies {
            let answer = api.post(&format!("/api/v1/{path}"), &body).await;
            let _ = answer.refused("bad_credentials");
        }
        let login = json!({"name": "alice", "password": "the password of alice"});
        let _ = server.api().post("/api/v1/login", &login).await.refused("bad_credentials");
    }
}
