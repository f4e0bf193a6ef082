//! What a list of rooms shows at a glance: the last message, what one wants of the room, invitations.

use serde_json::{Value, json};
use tests::{Client, on_both};

/// Returns the line of a room in one's own list.
async fn line(client: &mut Client, room: &str) -> Value {
    let listed = client.ok("rooms", json!({})).await;
    let lines = listed["rooms"].as_array().unwrap();
    let line = lines.iter().find(|line| line["card"]["room"] == room);
    line.expect("a member's room").clone()
}

on_both! {
    async fn the_list_shows_the_last_message_of_each_room(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        alice.open("kitchen").await;
        let said = alice.say("lounge", "hello").await;
        let mut bob = server.guest("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let last = line(&mut bob, "lounge").await["last"].clone();
        assert_eq!((&last["seq"], &last["id"], &last["at"]), (&said["seq"], &said["id"], &said["at"]));
        assert_eq!(last["author"], *alice.user());
        assert_eq!((&last["preview"], &last["edited"], &last["deleted"]), (&json!("hello"), &json!(false), &json!(false)));
        assert_eq!(line(&mut alice, "kitchen").await.get("last"), None);

        let edit = json!({"room": "lounge", "target": said["seq"], "body": "good evening"});
        alice.ok("edit", edit).await;
        let last = line(&mut bob, "lounge").await["last"].clone();
        assert_eq!((&last["preview"], &last["edited"]), (&json!("good evening"), &json!(true)));
        alice.ok("delete", json!({"room": "lounge", "target": said["seq"]})).await;
        let last = line(&mut bob, "lounge").await["last"].clone();
        assert_eq!((last.get("preview"), &last["deleted"]), (None, &json!(true)));
    }

    async fn nobody_is_shown_what_they_may_not_read(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let made = alice.ok("room.create", json!({"name": "Plans", "kind": "private"})).await;
        let room = made["card"]["room"].as_str().unwrap().to_owned();
        alice.say(&room, "before bob came").await;
        let mut bob = server.account("bob").await;
        alice.ok("invite", json!({"room": room, "user": bob.id()})).await;
        let listed = bob.ok("rooms", json!({})).await;
        let invited = &listed["invitations"][0];
        assert_eq!((&invited["card"]["room"], &invited["by"]), (&json!(room), alice.user()));
        assert!(!listed.to_string().contains("before bob came"));
        bob.ok("join", json!({"room": room})).await;
        assert_eq!(line(&mut bob, &room).await.get("last"), None);
        alice.open("open").await;
        alice.say("open", "to members").await;
        let public = bob.ok("rooms", json!({"all": true})).await;
        assert!(!public.to_string().contains("to members"));
    }

    async fn a_preference_is_ones_own_and_on_all_of_ones_tabs(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        let mut tab = server.tab(&bob, "second").await;
        let quiet = 4_000_000_000_000_i64;
        let set = bob.ok("room.prefs", json!({"room": "lounge", "quiet_until_ms": quiet})).await;
        let prefs = json!({"quiet_until_ms": quiet, "favourite": false});
        assert_eq!(set, json!({"prefs": prefs, "dup": false}));
        assert_eq!(tab.push("prefs", "lounge").await, prefs);
        let again = tab.ok("room.prefs", json!({"room": "lounge", "quiet_until_ms": quiet})).await;
        assert_eq!(again["dup"], true);
        server.crash().await;
        let mut bob = server.resume(&bob).await;
        assert_eq!(line(&mut bob, "lounge").await["prefs"], prefs);
        let mut alice = server.resume(&alice).await;
        assert_eq!(line(&mut alice, "lounge").await.get("prefs"), None);
        alice.settle().await;
        assert!(alice.pushed("prefs", "lounge").is_empty());
        bob.ok("room.prefs", json!({"room": "lounge", "quiet_until_ms": 0})).await;
        assert_eq!(line(&mut bob, "lounge").await.get("prefs"), None);
        let wrong = json!({"room": "lounge", "favourite": "yes"});
        let refusal = bob.refused("room.prefs", wrong, "bad_request").await;
        assert_eq!(refusal.all["field"], "favourite");
    }
}
