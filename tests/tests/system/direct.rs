//! Direct rooms of two.

use serde_json::json;
use tests::on_both;

on_both! {
    async fn a_direct_room_is_one_for_both(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let mut carol = server.account("carol").await;
        let opened = alice.ok("dm", json!({"user": bob.id()})).await;
        assert_eq!(opened["dup"], false);
        let card = &opened["card"];
        assert_eq!(card["kind"], "direct");
        assert_eq!(card["with"], *bob.user());
        let room = card["room"].as_str().unwrap();
        let push = bob.push("room", room).await;
        assert_eq!(push["why"], "dm");
        assert_eq!(push["card"]["with"], *alice.user());
        let again = bob.ok("dm", json!({"user": "@alice"})).await;
        assert_eq!(again["card"]["room"], room);
        assert_eq!(again["dup"], true);
        alice.ok("join", json!({"room": room})).await;
        bob.ok("join", json!({"room": room})).await;
        let ack = alice.say(room, "hello bob").await;
        assert_eq!(bob.entry(room, "message").await["seq"], ack["seq"]);
        carol.refused("join", json!({"room": room}), "no_such_room").await;
    }

    async fn nobody_opens_a_direct_room_with_someone_who_is_not_there(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.refused("dm", json!({"user": "@nobody"}), "no_such_user").await;
        alice.refused("dm", json!({"user": "A".repeat(22)}), "no_such_user").await;
    }

    async fn two_who_open_it_at_once_get_the_same_room(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        let mut bob = server.account("bob").await;
        let with_bob = alice.post("dm", json!({"user": "@bob"})).await;
        let with_alice = bob.post("dm", json!({"user": "@alice"})).await;
        let one = alice.reply(with_bob).await.unwrap();
        let other = bob.reply(with_alice).await.unwrap();
        assert_eq!(one["card"]["room"], other["card"]["room"]);
        assert_ne!(one["dup"], other["dup"], "one of them made it");
    }
}
