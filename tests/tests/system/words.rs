//! The words that people write: texts that show nothing, reactions, mentions.

use crate::closing::identities;
use serde_json::{Value, json};
use tests::{Claims, Client, LIMIT, Server, on_both};

const TABLE: &str = include_str!("../../words.json");

fn table() -> Value {
    serde_json::from_str(TABLE).unwrap()
}

async fn refused(client: &mut Client, op: &str, d: Value, name: &str, field: &str) {
    let refusal = client.refused(op, d.clone(), name).await;
    assert_eq!(refusal.all["field"], field, "{op} {d}");
}

async fn reactions(client: &mut Client) -> Value {
    let page = client.ok("history", json!({"room": "lounge"})).await;
    page["messages"][0]["reactions"].clone()
}

/// Rows of an older server: three hearts with and without U+FE0F, two of them from one person; a thumb
/// that was taken back in the other form; and reactions that are no emojis.
const OLD_REACTIONS: &str = "
    INSERT INTO reactions (room_id, seq, emoji, user_id, active, entry_seq)
    SELECT room_id, seq, '\u{2764}\u{fe0f}', user_id, active, entry_seq + 1 FROM reactions
    WHERE emoji = '\u{2764}' AND entry_seq = (SELECT max(entry_seq) FROM reactions WHERE emoji = '\u{2764}');
    UPDATE reactions SET emoji = '\u{2764}\u{fe0f}'
    WHERE emoji = '\u{2764}' AND entry_seq = (SELECT min(entry_seq) FROM reactions WHERE emoji = '\u{2764}');
    INSERT INTO reactions (room_id, seq, emoji, user_id, active, entry_seq)
    SELECT room_id, seq, '\u{1f44d}\u{fe0f}', user_id, 0, entry_seq + 1 FROM reactions WHERE emoji = '\u{1f44d}';
    UPDATE reactions SET emoji = 'idiot' WHERE emoji = '\u{1f389}';
    UPDATE reactions SET emoji = 'e\u{fe0f}\u{301}' WHERE emoji = '\u{1f382}';
    DELETE FROM __diesel_schema_migrations WHERE version = '20261201000010';
";

/// The hash that an older server made of `cafe\u{301} creme`, as it was typed.
const OLD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$cGFybG9yLXRlc3Qtc2FsdA$VurNwlR09humHYb4T0pvk4EIgEDxDTHIpP4CVsn4tcM";

async fn logs_in(server: &Server, password: &str) -> bool {
    let login = json!({"name": "alice", "password": password});
    let answer = server.api().post("/api/v1/login", &login).await;
    if answer.status == 200 {
        return true;
    }
    assert_eq!(answer.refused("bad_credentials").code, 401);
    false
}

on_both! {
    async fn a_password_is_one_however_it_is_typed(store: Store) {
        let server = store.server().await;
        let register = async |password: &str| {
            let account = json!({"name": "alice", "password": password});
            server.api().post("/api/v1/register", &account).await
        };
        for password in ["tab\tdance", "cafe\u{301}12", "seven!!"] {
            let refusal = register(password).await.refused("bad_request");
            assert_eq!(refusal.all["field"], "password", "{password:?}");
        }
        let registered = register("cafe\u{301}\u{a0}creme").await.ok();
        assert_eq!(registered["user"]["name"], "alice");
        for password in ["caf\u{e9} creme", "cafe\u{301} creme", "caf\u{e9}\u{3000}creme"] {
            assert!(logs_in(&server, password).await, "{password:?}");
        }
        for password in ["cafe creme", "Caf\u{e9} creme", "caf\u{e9}  creme"] {
            assert!(!logs_in(&server, password).await, "{password:?}");
        }
    }

    async fn a_password_hashed_by_an_older_server_goes_on(store: Store) {
        let server = store.server().await;
        server.register("alice").await;
        let set = format!("UPDATE users SET password_hash = '{OLD_HASH}' WHERE name = 'alice'");
        store.sql().await.run(&set).await;
        assert!(!logs_in(&server, "caf\u{e9} creme").await, "it was never typed so");
        assert!(logs_in(&server, "cafe\u{301} creme").await);
        assert!(logs_in(&server, "caf\u{e9} creme").await, "now both forms are one");
        assert!(logs_in(&server, "cafe\u{301} creme").await);
    }

    async fn a_name_changed_at_the_identity_provider_is_followed(store: Store) {
        let server = store.serve(identities()).await;
        let mut alice = server.hello(json!({"jwt": Claims::of("subject-1", "alice", 600).jwt()})).await;
        alice.open("lounge").await;
        let renamed = json!({"jwt": Claims::of("subject-1", "Alice Smith", 600).jwt(), "tab": "b"});
        let mut again = server.hello(renamed).await;
        assert_eq!(again.id(), alice.id());
        assert_eq!(again.user()["name"], "alice-smith");
        let members = again.ok("members", json!({"room": "lounge"})).await;
        assert_eq!(members["members"][0]["user"]["name"], "alice-smith");
        assert_eq!(alice.closed().await.code, Some(1012), "it would go on as alice");
        let mut alice = server.hello(json!({"token": alice.token()})).await;
        assert_eq!(alice.user()["name"], "alice-smith");
        alice.ok("join", json!({"room": "lounge"})).await;
        alice.say("lounge", "hello").await;
        let entry = alice.entry("lounge", "message").await;
        assert_eq!(entry["author"]["name"], "alice-smith");
        server.logged("renamed by the identity provider").await;
        let other = server.guest("alice").await;
        assert_eq!(other.user()["name"], "alice", "the old name is free");
    }

    async fn a_text_that_shows_nothing_is_empty(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let seq = alice.say("lounge", "hello").await["seq"].clone();
        let create = json!({"name": "Plans", "kind": "private"});
        let plans = alice.ok("room.create", create).await["card"]["room"].clone();
        let table = table();
        for text in table["blank"].as_array().unwrap() {
            let send = json!({"room": "lounge", "cid": "c", "body": text});
            refused(&mut alice, "send", send, "bad_text", "body").await;
        }
        for text in ["", " ", "\u{200b}", "\u{2060}", "\u{3164}", "\u{2800}"] {
            let edit = json!({"room": "lounge", "target": seq, "body": text});
            refused(&mut alice, "edit", edit, "bad_text", "body").await;
            let react = json!({"room": "lounge", "target": seq, "emoji": text, "on": true});
            refused(&mut alice, "react", react, "bad_request", "emoji").await;
            let create = json!({"name": text, "kind": "private"});
            refused(&mut alice, "room.create", create, "bad_text", "name").await;
            let create = json!({"name": text, "kind": "public"});
            refused(&mut alice, "room.create", create, "bad_request", "name").await;
            let title = json!({"room": plans, "title": text});
            refused(&mut alice, "room.update", title, "bad_text", "title").await;
            let topic = json!({"room": plans, "topic": text});
            assert_eq!(alice.ok("room.update", topic).await["card"]["topic"], "");
            let account = json!({"name": text, "password": "correct horse"});
            let refusal = server.api().post("/api/v1/register", &account).await.refused("bad_request");
            assert_eq!(refusal.all["field"], "name", "{text}");
            let guest = server.connect().await.hello(json!({"guest": text})).await;
            let refusal = guest.unwrap_err();
            assert_eq!((refusal.name.as_str(), &refusal.all["field"]), ("bad_request", &json!("guest")), "{text}");
        }
        for (n, text) in table["visible"].as_array().unwrap().iter().enumerate() {
            let cid = format!("visible-{n}");
            alice.ok("send", json!({"room": "lounge", "cid": cid, "body": text})).await;
        }
    }

    async fn a_reaction_is_one_emoji_in_one_form(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let seq = alice.say("lounge", "hello").await["seq"].clone();
        let react = |emoji: &str, on: bool| json!({"room": "lounge", "target": seq, "emoji": emoji, "on": on});
        for text in ["idiot", "1", "👍👍", "👍a", "👍\u{fe0e}", "🇨", ":+1:", "!"] {
            refused(&mut alice, "react", react(text, true), "bad_request", "emoji").await;
        }
        alice.ok("react", react("👍", true)).await;
        assert_eq!(alice.ok("react", react("👍\u{fe0f}", true)).await["dup"], true);
        bob.ok("react", react("👍\u{fe0f}", true)).await;
        bob.ok("react", react("❤", true)).await;
        let entry = alice.push_where("entry", "lounge", LIMIT, |d| d["emoji"] == "❤\u{fe0f}").await;
        assert_eq!(entry["on"], true, "the canonical form");
        assert_eq!(reactions(&mut alice).await, json!([
            {"emoji": "👍", "count": 2, "mine": true},
            {"emoji": "❤\u{fe0f}", "count": 1, "mine": false},
        ]));
        bob.ok("react", react("👍", false)).await;
        alice.ok("react", react("👍\u{fe0f}", false)).await;
        bob.ok("react", react("❤\u{fe0f}", false)).await;
        assert_eq!(reactions(&mut alice).await, json!([]));
        let longest = "👩🏻\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👩🏿";
        for emoji in [longest, "1\u{fe0f}\u{20e3}", "🇺🇳", "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}"] {
            alice.ok("react", react(emoji, true)).await;
            assert_eq!(reactions(&mut alice).await[0]["emoji"], emoji);
            alice.ok("react", react(&emoji.replace('\u{fe0f}', ""), false)).await;
        }
    }

    async fn reactions_of_an_older_server_are_merged(store: Store) {
        let server = store.server().await;
        let mut people = Vec::new();
        for name in ["alice", "bob", "carol"] {
            let mut one = server.account(name).await;
            one.ok("join", json!({"room": "general"})).await;
            people.push(one);
        }
        let seq = people[0].say("general", "hello").await["seq"].clone();
        let react = |emoji: &str, on: bool| json!({"room": "general", "target": seq, "emoji": emoji, "on": on});
        for one in &mut people {
            one.ok("react", react("❤", true)).await;
        }
        for emoji in ["🎉", "🎂", "👍"] {
            people[0].ok("react", react(emoji, true)).await;
        }
        let tokens: Vec<String> = people.iter().map(Client::token).collect();
        for one in people {
            one.close(1000).await;
        }
        assert_eq!(server.stop().await.code, Some(0));
        store.sql().await.run(OLD_REACTIONS).await;
        store.begins_anew();

        server.start_again().await;
        let mut people = Vec::new();
        for token in tokens {
            people.push(server.hello(json!({"token": token})).await);
        }
        let counted = people[0].ok("history", json!({"room": "general"})).await;
        assert_eq!(counted["messages"][0]["reactions"], json!([
            {"emoji": "❤\u{fe0f}", "count": 3, "mine": true},
            {"emoji": "idiot", "count": 1, "mine": true},
            {"emoji": "e\u{301}", "count": 1, "mine": true},
        ]));
        for one in &mut people {
            assert_eq!(one.ok("react", react("❤", false)).await["dup"], false);
        }
        for text in ["idiot", "e\u{301}"] {
            assert_eq!(people[0].ok("react", react(text, false)).await["dup"], false, "{text}");
        }
        refused(&mut people[0], "react", react("idiot", true), "bad_request", "emoji").await;
        let counted = people[0].ok("history", json!({"room": "general"})).await;
        assert_eq!(counted["messages"][0]["reactions"], json!([]));
    }

    async fn a_mention_ends_where_the_name_does(store: Store) {
        let server = store.server().await;
        let mut speaker = server.account("speaker").await;
        speaker.open("lounge").await;
        let table = table();
        let mut people = Vec::new();
        for name in table["people"].as_array().unwrap() {
            let mut one = server.guest(name.as_str().unwrap()).await;
            one.ok("join", json!({"room": "lounge"})).await;
            people.push(one);
        }
        for case in table["mentions"].as_array().unwrap() {
            speaker.say("lounge", case[0].as_str().unwrap()).await;
            let entry = speaker.entry("lounge", "message").await;
            let none = Vec::new();
            let mentioned = entry["mentions"].as_array().unwrap_or(&none);
            let mut names: Vec<&Value> = mentioned.iter().map(|user| &user["name"]).collect();
            names.dedup();
            let mut expected: Vec<&Value> = case[1].as_array().unwrap().iter().collect();
            expected.dedup();
            assert_eq!(names, expected, "{case}");
        }
    }
}
