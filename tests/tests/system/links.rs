//! Links: people join a room by the code of one.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tests::{Client, LIMIT, Server, Settings, on_both};

/// Makes a private room with a link.
async fn linked(owner: &mut Client, limits: Value) -> (String, Value) {
    let made = owner
        .ok("room.create", json!({"name": "Garden", "kind": "private"}))
        .await;
    let room = made["card"]["room"].as_str().unwrap().to_owned();
    let mut create = json!({"room": room, "cid": "0199a7c5-1b2c-7d3e-8f40-112233445566"});
    for (name, limit) in limits.as_object().unwrap() {
        create[name] = limit.clone();
    }
    let made = owner.ok("link.create", create).await;
    (room, made)
}

async fn look(server: &Server, code: &Value) -> tests::Answer {
    server
        .api()
        .post("/api/v1/link", &json!({"code": code}))
        .await
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

on_both! {
    async fn a_stranger_looks_registers_and_joins(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let (room, made) = linked(&mut alice, json!({})).await;
        let code = &made["code"];
        let shown = look(&server, code).await.ok();
        assert_eq!(shown, json!({"room": room, "title": "Garden", "members": 1}));
        let mut bob = server.connect().await;
        assert_eq!(bob.ok("link.info", json!({"code": code})).await, shown);
        bob.hello(json!({"guest": "bob"})).await.unwrap();
        bob.refused("join", json!({"room": room}), "no_such_room").await;
        let joined = bob.ok("join", json!({"room": room, "code": code})).await;
        assert_eq!(joined["card"]["role"], "member");
        let said = alice.say(&room, "welcome").await;
        assert_eq!(bob.entry(&room, "message").await["seq"], said["seq"]);
        let token = server.register("carol").await;
        let carol = server.api().bearing(&token);
        let path = format!("/api/v1/rooms/{room}/join");
        let _ = carol.post(&path, &json!({})).await.refused("no_such_room");
        let joined = carol.post(&path, &json!({"code": code})).await.ok();
        assert_eq!(joined["card"]["title"], "Garden");
        let links = alice.ok("links", json!({"room": room})).await;
        assert_eq!(links["links"][0]["used"], 2);
        assert!(links.to_string().find(code.as_str().unwrap()).is_none(), "no code in a list");
        let lines = server.lines().join("\n");
        assert!(!lines.contains(code.as_str().unwrap()), "no code in the log");
    }

    async fn exactly_as_many_join_as_a_link_lets_in(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let (room, made) = linked(&mut alice, json!({"uses": 3})).await;
        let join = json!({"room": room, "code": made["code"]});
        let guests = join_all((0..10).map(|n| {
            let server = &server;
            async move { server.guest(&format!("guest{n}")).await }
        }))
        .await;
        let tried = join_all(guests.into_iter().map(|mut guest| {
            let join = join.clone();
            async move {
                let outcome = guest.call("join", join).await;
                (guest, outcome)
            }
        }))
        .await;
        let (joined, refused): (Vec<_>, Vec<_>) = tried.into_iter().partition(|(_, one)| one.is_ok());
        assert_eq!((joined.len(), refused.len()), (3, 7));
        for (_, outcome) in refused {
            assert_eq!(outcome.unwrap_err(), "no_such_link");
        }
        let (mut member, _) = joined.into_iter().next().unwrap();
        member.ok("join", join).await;
        let members = alice.ok("members", json!({"room": room})).await;
        assert_eq!(members["members"].as_array().unwrap().len(), 4);
        let _ = look(&server, &made["code"]).await.refused("no_such_link");
    }

    async fn a_link_that_ended_after_the_look_lets_nobody_in(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.guest("bob").await;
        let (room, made) = linked(&mut alice, json!({})).await;
        let _ = look(&server, &made["code"]).await.ok();
        let revoke = json!({"room": room, "link": made["link"]["link"]});
        assert_eq!(alice.ok("link.revoke", revoke.clone()).await, json!({"dup": false}));
        bob.refused("join", json!({"room": room, "code": made["code"]}), "no_such_link").await;
        assert_eq!(alice.ok("link.revoke", revoke).await, json!({"dup": true}));
        assert_eq!(alice.ok("links", json!({"room": room})).await, json!({"links": []}));

        let until = now_ms() + 1_500;
        let (room, made) = linked(&mut alice, json!({"until_ms": until})).await;
        let ended = async {
            while look(&server, &made["code"]).await.status.is_success() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, ended).await.expect("it ends by its time");
        assert!(now_ms() >= until);
        bob.refused("join", json!({"room": room, "code": made["code"]}), "no_such_link").await;
    }

    async fn a_banned_person_stays_out(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let (room, made) = linked(&mut alice, json!({})).await;
        let join = json!({"room": room, "code": made["code"]});
        bob.ok("join", join.clone()).await;
        alice.ok("ban", json!({"room": room, "user": bob.id()})).await;
        bob.refused("join", join.clone(), "banned").await;
        alice.ok("unban", json!({"room": room, "user": bob.id()})).await;
        bob.ok("join", join).await;
    }

    async fn a_creation_that_is_repeated_after_a_crash_is_the_same(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let (room, made) = linked(&mut alice, json!({"uses": 7})).await;
        server.crash().await;
        let mut alice = server.resume(&alice).await;
        let cid = "0199a7c5-1b2c-7d3e-8f40-112233445566";
        let again = alice.ok("link.create", json!({"room": room, "cid": cid, "uses": 7})).await;
        assert_eq!((&again["link"], &again["code"], &again["dup"]), (&made["link"], &made["code"], &json!(true)));
        let other = json!({"room": room, "cid": cid, "uses": 8});
        alice.refused("link.create", other, "cid_conflict").await;
        let links = alice.ok("links", json!({"room": room})).await;
        assert_eq!(links["links"].as_array().unwrap().len(), 1);
        for (field, value) in [("uses", json!(0)), ("uses", json!(10_001)), ("until_ms", json!(1))] {
            let mut create = json!({"room": room, "cid": "another"});
            create[field] = value;
            let refusal = alice.refused("link.create", create, "bad_request").await;
            assert_eq!(refusal.all["field"], field);
        }
    }

    async fn guesses_are_charged_like_guesses_at_a_token(store: Store) {
        let settings = Settings::default().limited().with("PARLOR_COMMANDS_PER_S", "10");
        let server = store.serve(settings).await;
        for (name, op, d) in [
            ("alice", "link.info", json!({"code": "wrong"})),
            ("bob", "join", json!({"room": "general", "code": "wrong"})),
        ] {
            let mut guest = server.guest(name).await;
            let mut guesses = 0;
            loop {
                let refusal = guest.call(op, d.clone()).await.unwrap_err();
                if refusal == "rate_limited" {
                    break;
                }
                assert_eq!(refusal, "no_such_link");
                guesses += 1;
                assert!(guesses < 20, "{op}: {guesses} guesses for 40 points");
            }
        }
    }
}
