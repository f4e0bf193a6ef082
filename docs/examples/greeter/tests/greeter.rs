//! The greeter in a whole server.

use parlor::testing::{Client, TestServer};

/// Returns the next thing that the greeter says.
async fn greeting(client: &mut Client) -> String {
    loop {
        let entry = client.next("entry").await;
        let entry = &entry["d"];
        if entry["kind"] == "message" && entry["author"]["name"] == "greeter" {
            return entry["body"].as_str().unwrap().to_owned();
        }
    }
}

#[tokio::test]
async fn whoever_joins_is_greeted_once_also_after_a_crash() {
    let settings = [("greeter.greeting", "Good morning")];
    let mut server = TestServer::with_settings(greeter::extension, settings).await;
    server.caught_up("greeter").await;
    let mut alice = server.account("alice").await;
    alice.join("lounge").await;
    assert_eq!(greeting(&mut alice).await, "Good morning, @alice!");
    server.crash().await;
    let mut alice = server.resume(&alice).await;
    let mut bob = server.account("bob").await;
    bob.join("lounge").await;
    assert_eq!(greeting(&mut alice).await, "Good morning, @bob!");
    server.caught_up("greeter").await;
    let history = alice.ok("history", serde_json::json!({ "room": "lounge" })).await;
    let messages = history["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2, "{history}");
}
