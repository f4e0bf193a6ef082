//! Connections that break in the middle of a replay, repeatedly.

use serde_json::json;
use tests::on_both;

on_both! {
    async fn a_replay_cut_at_a_random_byte_goes_on_where_it_broke(store: Store) {
        let server = store.server().await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.guest("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        bob.push("room", "lounge").await;
        let mut commands = Vec::new();
        for number in 0..800 {
            let body = format!("message {number} {}", "lorem ipsum ".repeat(number % 20));
            let send = json!({"room": "lounge", "cid": format!("c{number}"), "body": body});
            commands.push(alice.post("send", send).await);
            if commands.len() == 100 {
                for command in commands.drain(..) {
                    alice.reply(command).await.unwrap();
                }
            }
        }
        let head = alice.say("lounge", "the last").await["seq"].as_i64().unwrap();
        let mut cuts = 0;
        let mut resume = bob.resume();
        while resume["cursors"]["lounge"].as_i64().unwrap() < head {
            let mut back = server.connect().await;
            back.break_after(rand::random_range(100..40_000));
            let hello = back.post("hello", resume.clone()).await;
            let Ok(answer) = back.reply_or_close(hello).await else { continue };
            back.greeted(answer.unwrap());
            back.drain().await;
            cuts += 1;
            resume = back.resume();
        }
        assert!(cuts > 3, "{cuts} cuts");
        let seen = store.seen("lounge");
        assert_eq!(seen.len(), usize::try_from(head).unwrap(), "every entry came");
    }
}
