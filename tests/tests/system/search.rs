//! `search` finds messages by their words: what a query means, what an answer shows, what is refused.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{Client, Server, Settings, followed_to_the_end, on_both};

/// The settings of a server that has the extension.
pub(crate) fn searching() -> Settings {
    Settings::default().with("PARLOR_SEARCH", "on")
}

/// Waits until everything said so far is in the index.
pub(crate) async fn indexed(server: &Server) {
    followed_to_the_end(server, &["search"]).await;
}

/// Returns the texts that a query finds, the newest first.
pub(crate) async fn texts(client: &mut Client, query: &str) -> Vec<String> {
    bodies(&client.ok("search", json!({"query": query})).await)
}

pub(crate) fn bodies(found: &Value) -> Vec<String> {
    let messages = found["messages"].as_array().expect("a list of messages");
    let bodies = messages.iter().map(|message| message["body"].as_str());
    bodies
        .map(|body| body.expect("a text").to_owned())
        .collect()
}

async fn alice_in_the_lounge(server: &Server) -> Client {
    let mut alice = server.account("alice").await;
    alice.open("lounge").await;
    alice
}

async fn say_all(client: &mut Client, texts: &[&str]) {
    for text in texts {
        client.say("lounge", text).await;
    }
}

/// Returns what the places of the first message found show.
fn highlighted(found: &Value) -> Vec<String> {
    let message = &found["messages"][0];
    let units: Vec<u16> = message["body"].as_str().unwrap().encode_utf16().collect();
    let at = |place: &Value, end: usize| usize::try_from(place[end].as_u64().unwrap()).unwrap();
    let places = message["highlights"].as_array().unwrap().iter();
    places
        .map(|place| String::from_utf16(&units[at(place, 0)..at(place, 1)]).unwrap())
        .collect()
}

on_both! {
    async fn words_phrases_and_beginnings_are_found_the_newest_first(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let said = [
            "The deploy failed again",
            "Deploying now: STRASSE and Café",
            "again a failed deploy, said Ömer",
            "nothing else",
            "see https://example.com/a_b?c=d",
        ];
        say_all(&mut alice, &said).await;
        indexed(&server).await;
        for (query, expected) in [
            ("deploy", &[2, 1, 0][..]),
            ("deploy ", &[2, 0]),
            ("failed deploy ", &[2, 0]),
            ("\"failed deploy\"", &[2]),
            ("straße cafe", &[1]),
            ("omer", &[2]),
            ("example.com", &[4]),
            ("a_b", &[4]),
            ("no", &[]),
            ("noth", &[3]),
            ("deploy nothing", &[]),
        ] {
            let expected: Vec<&str> = expected.iter().map(|at| said[*at]).collect();
            assert_eq!(texts(&mut alice, query).await, expected, "{query}");
        }
        let linked = alice.ok("search", json!({"query": "see", "has": "link"})).await;
        assert_eq!(bodies(&linked), [said[4]]);
        let linked = alice.ok("search", json!({"query": "deploy", "has": "link"})).await;
        assert_eq!(bodies(&linked), Vec::<String>::new());
    }

    async fn texts_without_spaces_and_symbols_are_found(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let said = ["明日は東京へ行きます", "我喜欢北京烤鸭", "안녕하세요 여러분", "ฉันรักประเทศไทย", "ship it 🎉"];
        say_all(&mut alice, &said).await;
        indexed(&server).await;
        for (query, found) in [
            ("東京", 0), ("行きます", 0), ("京へ", 0), ("す", 0), ("明", 0), ("北京", 1), ("烤鸭", 1), ("鸭", 1),
            ("하세요", 2), ("여러분", 2), ("ประเทศ", 3), ("🎉", 4),
        ] {
            assert_eq!(texts(&mut alice, query).await, [said[found]], "{query}");
        }
        for absent in ["京東", "東京烤鸭", "北東", "👍"] {
            assert_eq!(texts(&mut alice, absent).await, Vec::<String>::new(), "{absent}");
        }
        let found = alice.ok("search", json!({"query": "東京 ます"})).await;
        assert_eq!(highlighted(&found), ["東京", "ます"]);
    }

    async fn an_answer_shows_each_message_with_its_room_and_the_places_of_the_words(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let first = alice.say("lounge", "first").await;
        let reply = json!({
            "room": "lounge", "cid": "c1", "body": "👍 the Quick fox, quick!", "reply_to": first["seq"],
        });
        let sent = alice.ok("send", reply).await;
        indexed(&server).await;
        let found = alice.ok("search", json!({"query": "quick"})).await;
        assert_eq!(found, json!({"messages": [{
            "room": "lounge", "seq": sent["seq"], "id": sent["id"], "author": alice.user(), "at": sent["at"],
            "body": "👍 the Quick fox, quick!", "reply_to": first["seq"], "highlights": [[7, 12], [18, 23]],
        }]}));
        assert_eq!(highlighted(&found), ["Quick", "quick"]);
    }

    async fn pages_follow_one_another_without_gap_or_repeat(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        alice.open("den").await;
        for number in 0..12 {
            alice.say(["lounge", "den"][number % 2], &format!("needle {number}")).await;
        }
        indexed(&server).await;
        let (mut found, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
        loop {
            let mut d = json!({"query": "needle", "limit": 5});
            d["cursor"] = cursor;
            let page = alice.ok("search", d).await;
            found.extend(bodies(&page));
            pages += 1;
            if page["next"].is_null() {
                break;
            }
            cursor = page["next"].clone();
        }
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 12, "{found:?}");
        assert!(found.len() == 12 && pages == 3, "{pages} pages: {found:?}");
        let in_den = alice.ok("search", json!({"query": "needle", "room": "den", "limit": 50})).await;
        assert_eq!(bodies(&in_den), ["needle 11", "needle 9", "needle 7", "needle 5", "needle 3", "needle 1"]);
        let most = alice.ok("search", json!({"query": "needle", "limit": 1_000_000})).await;
        assert_eq!(bodies(&most).len(), 12);
    }

    async fn a_search_can_be_limited_to_an_author_and_a_time(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        alice.say("lounge", "word of alice").await;
        bob.say("lounge", "word of bob").await;
        indexed(&server).await;
        for from in ["@alice".to_owned(), alice.id().to_owned()] {
            let found = bob.ok("search", json!({"query": "word", "from": from})).await;
            assert_eq!(bodies(&found), ["word of alice"]);
        }
        bob.refused("search", json!({"query": "word", "from": "@nobody"}), "no_such_user").await;
        let log = alice.ok("history", json!({"room": "lounge"})).await;
        assert_eq!(log["messages"].as_array().unwrap().len(), 2);
        // Years away from now on either side: the bounds are exclusive, and in milliseconds.
        let (past, future) = (1_000_000_000_000_i64, 4_000_000_000_000_i64);
        for (d, hits) in [
            (json!({"query": "word", "after": past}), 2),
            (json!({"query": "word", "after": future}), 0),
            (json!({"query": "word", "before": past}), 0),
            (json!({"query": "word", "before": future}), 2),
            (json!({"query": "word", "after": i64::MAX, "before": i64::MIN}), 0),
        ] {
            assert_eq!(bodies(&alice.ok("search", d.clone()).await).len(), hits, "{d}");
        }
    }

    async fn over_http_it_is_the_same_command(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        say_all(&mut alice, &["one thing", "another thing"]).await;
        indexed(&server).await;
        let api = server.api().bearing(&alice.token());
        let page = api.get("/api/v1/search?query=thing&limit=1&room=lounge").await.ok();
        assert_eq!(bodies(&page), ["another thing"]);
        let next = page["next"].as_str().unwrap();
        let path = format!("/api/v1/search?query=thing&cursor={next}&before=4000000000000");
        assert_eq!(bodies(&api.get(&path).await.ok()), ["one thing"]);
        let posted = api.post("/api/v1/search", &json!({"query": "\"one thing\""})).await.ok();
        assert_eq!(bodies(&posted), ["one thing"]);
        let nobody = server.api().get("/api/v1/search?query=thing").await;
        assert_eq!(nobody.refused("unauthenticated").code, 401);
        let refusal = api.get("/api/v1/search?query=thing&limit=x").await.refused("bad_request");
        assert_eq!(refusal.all["field"], "limit");
    }

    async fn odd_and_hostile_queries_are_answered_or_refused_by_the_field(store: Store) {
        let server = store.serve(searching()).await;
        let mut alice = alice_in_the_lounge(&server).await;
        let said = "it's a \"test\" of body:words* OR near(this) \\ 'x' & | ! <-> :* \u{202e}abc\u{202c} שלום";
        alice.say("lounge", said).await;
        indexed(&server).await;
        for query in [
            "test*", "\"test", "body:words", "test AND NOT near", "NEAR(this)", "^it", "-test", "{test}", "(test",
            "test \0", "it's", "'x'", "x' & 'test", "\\ test", "test <-> of", ":* test", "\u{202e}abc", "שלום",
            "test\u{0}", "OR", "rowid test", "\u{feff}test",
        ] {
            let found = alice.call("search", json!({"query": query})).await;
            let found = found.unwrap_or_else(|refusal| panic!("{query:?}: {}", refusal.all));
            assert!(bodies(&found).len() <= 1, "{query:?}");
        }
        for query in ["\"test\" of", "words", "near this", "שלום", "abc"] {
            assert_eq!(texts(&mut alice, query).await, [said], "{query}");
        }
        for empty in ["", " ", "…?!", "***", "\"\"", "\0", "_", "\u{202e}"] {
            let refusal = alice.refused("search", json!({"query": empty}), "bad_text").await;
            assert_eq!(refusal.all["field"], "query", "{empty:?}");
        }
        for long in ["x".repeat(16_384), "a ".repeat(100), "日".repeat(256)] {
            alice.refused("search", json!({"query": long}), "bad_text").await;
        }
        for (d, field) in [
            (json!({}), "query"),
            (json!({"query": 7}), "query"),
            (json!({"query": "test", "limit": -1}), "limit"),
            (json!({"query": "test", "before": "monday"}), "before"),
            (json!({"query": "test", "has": "legs"}), "has"),
            (json!({"query": "test", "cursor": "x"}), "cursor"),
            (json!({"query": "test", "cursor": "-1"}), "cursor"),
        ] {
            let refusal = alice.refused("search", d.clone(), "bad_request").await;
            assert_eq!(refusal.all["field"], field, "{d}");
        }
        let far = json!({"query": "test", "cursor": i64::MAX.to_string(), "room": "lounge", "limit": 0});
        assert_eq!(bodies(&alice.ok("search", far).await), [said]);
    }
}
