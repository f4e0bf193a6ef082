//! Crowds in several rooms at once, rooms whose owner leaves, and a wrong clock.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, Kind, Server, Settings, Store, on_both};

const ROOMS: usize = 8;
const GUESTS: usize = 40;
const DAY_MS: i64 = 86_400_000;

async fn deadlocks(store: &Store) -> i64 {
    match store.kind() {
        Kind::Sqlite => 0,
        Kind::Postgres => {
            let counted = "SELECT deadlocks AS count FROM pg_stat_database
                WHERE datname = current_database()";
            store.sql().await.number(counted).await
        }
    }
}

/// Waits until someone has this role in a room.
async fn has_role(reader: &mut Client, room: &str, user: &str, role: &str) {
    let given = async {
        loop {
            let page = reader.ok("members", json!({"room": room})).await;
            let members = page["members"].as_array().unwrap();
            let is_so = |member: &Value| member["user"]["id"] == user && member["role"] == role;
            if members.iter().any(is_so) {
                return;
            }
            reader.idle(Duration::from_millis(20)).await;
        }
    };
    let given = tokio::time::timeout(Duration::from_secs(60), given).await;
    given.unwrap_or_else(|_| panic!("{user} never becomes {role} of {room}"));
}

async fn delete_account(server: &Server, who: &Client, name: &str) {
    let api = server.api().bearing(&who.token());
    let password = json!({"password": format!("the password of {name}")});
    let answer = api.post("/api/v1/delete-account", &password).await;
    assert_eq!(answer.status.as_u16(), 200);
}

on_both! {
    async fn guests_who_join_the_same_rooms_at_once_are_in_none_others_way(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        for room in 0..ROOMS {
            alice.open(&format!("room-{room}")).await;
        }
        let mut guests = Vec::new();
        for guest in 0..GUESTS {
            guests.push(server.guest(&format!("guest-{guest}")).await);
        }
        let before = deadlocks(&store).await;
        let mut joins = Vec::new();
        for (number, guest) in guests.iter_mut().enumerate() {
            let mut posted = Vec::new();
            for step in 0..ROOMS {
                // Half of them visit the rooms in reverse order.
                let room = if number % 2 == 0 { step } else { ROOMS - 1 - step };
                let join = json!({"room": format!("room-{room}"), "limit": 1});
                posted.push((guest.post("join", join.clone()).await, join));
            }
            joins.push(posted);
        }
        for (guest, posted) in guests.iter_mut().zip(joins) {
            for (id, join) in posted {
                // On a slow machine a crowd may take longer than the time limit: then it retries.
                if let Err(refusal) = guest.reply(id).await {
                    assert_eq!(refusal.all["retryable"], true, "{}", refusal.name);
                    guest.ok("join", join).await;
                }
            }
        }
        assert_eq!(deadlocks(&store).await - before, 0);
        let health = server.operator().get("/health/databases").await.json();
        assert_eq!(health["databases"]["core"]["condition"], "connected", "{health}");
        let page = alice.ok("presence", json!({"room": "room-0"})).await;
        assert_eq!(page["count"], GUESTS + 1);
    }

    async fn nobody_joins_more_rooms_than_allowed_however_fast(store: Store) {
        let server = store.serve(Settings::default().with("PARLOR_ROOMS_MAX", "10")).await;
        let mut owners = Vec::new();
        for owner in 0..3 {
            let mut client = server.account(&format!("owner-{owner}")).await;
            for room in 0..8 {
                client.open(&format!("room-{owner}-{room}")).await;
            }
            owners.push(client);
        }
        let mut bob = server.account("bob").await;
        let mut joins = Vec::new();
        for owner in 0..3 {
            for room in 0..8 {
                let join = json!({"room": format!("room-{owner}-{room}"), "limit": 1});
                joins.push(bob.post("join", join).await);
            }
        }
        let mut joined = 0;
        for join in joins {
            match bob.reply(join).await {
                Ok(_) => joined += 1,
                Err(refusal) => assert_eq!(refusal, "limit_reached"),
            }
        }
        assert_eq!(joined, 10);
    }

    async fn a_deleted_owner_leaves_the_room_to_somebody_living(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let mut carol = server.account("carol").await;
        carol.ok("join", json!({"room": "lounge"})).await;
        let promote = json!({"room": "lounge", "user": carol.id(), "role": "moderator"});
        alice.ok("role", promote).await;
        delete_account(&server, &alice, "alice").await;
        assert_eq!(alice.closed().await.code, Some(4502));
        let id = carol.id().to_owned();
        has_role(&mut bob, "lounge", &id, "owner").await;
        delete_account(&server, &carol, "carol").await;
        assert_eq!(carol.closed().await.code, Some(4502));
        let id = bob.id().to_owned();
        has_role(&mut bob, "lounge", &id, "owner").await;
        bob.ok("room.update", json!({"room": "lounge", "topic": "mine now"})).await;
    }

    async fn a_room_that_lost_its_owner_is_repaired_at_the_start(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let (resume, id) = (bob.resume(), bob.id().to_owned());
        alice.vanish();
        bob.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        let lost = "UPDATE users SET ended_at = 1, name = 'deleted user', name_key = 'deleted user'
            WHERE name = 'alice'";
        store.sql().await.run(lost).await;
        store.begins_anew();
        let server = store.server().await;
        let mut bob = server.hello(resume).await;
        has_role(&mut bob, "lounge", &id, "owner").await;
    }

    async fn a_clock_far_ahead_of_the_store_erases_nothing_and_the_log_says_so(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut head = json!(0);
        for number in 0..250 {
            head = alice.say("lounge", &format!("old {number}")).await["seq"].clone();
        }
        let resume = alice.resume();
        alice.vanish();
        assert_eq!(server.stop().await.code, Some(0));
        // Sixty days ahead: as for a store that was unused for sixty days.
        let ago = format!(
            "UPDATE entries SET at = at - {0};
            UPDATE storage_meta SET value = CAST(CAST(value AS BIGINT) - {0} AS TEXT)
                WHERE key = 'clock';",
            60 * DAY_MS
        );
        store.sql().await.run(&ago).await;
        store.begins_anew();
        let keeping = Settings::default().with("PARLOR_RETENTION_DAYS", "30");
        let server = store.serve(keeping).await;
        let line = server.logged("no entries are deleted").await;
        assert!(line.contains("5184"), "it says how far: {line}");
        let mut alice = server.hello(resume).await;
        let page = alice.ok("log", json!({"room": "lounge", "after": 0, "limit": 1})).await;
        assert_eq!((&page["head"], &page["entries"][0]["seq"]), (&head, &json!(1)));
    }
}
