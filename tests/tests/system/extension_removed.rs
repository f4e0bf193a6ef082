//! Taking an extension out of a server's binary: the server goes on with its data.

use serde_json::json;
use tests::{Settings, followed_to_the_end, on_both, tallied};

fn followers() -> Settings {
    Settings::default().followers()
}

on_both! {
    async fn a_server_without_its_extensions_goes_on_and_so_do_they_when_they_come_back(store: Store) {
        let server = store.serve(followers()).await;
        followed_to_the_end(&server, &["tally", "latest", "echo"]).await;
        let mut alice = server.account("alice").await;
        alice.open("lounge").await;
        let mut bob = server.account("bob").await;
        bob.ok("join", json!({"room": "lounge"})).await;
        alice.say("lounge", "echo hello").await;
        followed_to_the_end(&server, &["echo"]).await;
        tallied(&store, &server).await;
        let (alice, bob) = (alice.resume(), bob.resume());
        assert_eq!(server.stop().await.code, Some(0));

        let plain = store.server().await;
        let mut alice = plain.hello(alice).await;
        let mut bob = plain.hello(bob).await;
        let said = alice.say("lounge", "who is there?").await["seq"].as_i64().unwrap();
        bob.reach("lounge", said).await;
        let edit = json!({"room": "lounge", "target": said, "body": "is anyone there?"});
        alice.ok("edit", edit).await;
        bob.entry("lounge", "edited").await;
        let page = bob.ok("history", json!({"room": "lounge", "limit": 10})).await;
        let authors: Vec<_> = page["messages"].as_array().unwrap().iter()
            .map(|message| message["author"]["name"].as_str().unwrap().to_owned())
            .collect();
        assert!(authors.contains(&"echo".to_owned()), "what it said stays: {authors:?}");
        assert_eq!(plain.operator().get("/health/tally").await.status, 404);
        let databases = plain.operator().get("/health/databases").await.ok();
        assert!(databases["databases"]["tally"].is_null(), "{databases}");
        assert_eq!(plain.stop().await.code, Some(0));

        let server = store.serve(followers()).await;
        tallied(&store, &server).await;
        let lines = server.lines();
        assert!(!lines.iter().any(|line| line.contains("begins again")), "it goes on");
    }

    async fn settings_of_an_extension_that_is_gone_are_named(store: Store) {
        for (name, value) in [
            ("PARLOR_TALLY_REFUSES", "poison"),
            ("PARLOR_TALLY", "on"),
            ("DATABASES", "core,tally"),
        ] {
            let exit = store.try_serve(Settings::default().with(name, value)).await;
            let exit = exit.expect_err("the setting has no meaning");
            let last = exit.lines.last().unwrap();
            assert_eq!(exit.code, Some(2), "{name}: {last}");
            assert!(last.contains(name) && last.contains("tally"), "{name}: {last}");
        }
    }
}
