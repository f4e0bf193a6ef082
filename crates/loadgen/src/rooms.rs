//! Creates the accounts and rooms of a scenario.

use crate::client::Client;
use crate::protocol::Protocol;
use crate::target::http;
use anyhow::Context;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns a prefix that no earlier run on the same store has used.
pub(crate) fn unique(kind: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!("{kind}{:x}", now.as_millis() & 0xFFFF_FFFF)
}

/// Creates `count` public rooms called `{prefix}-0`, `{prefix}-1`, ….
pub(crate) async fn create(address: &str, prefix: &str, count: usize) -> anyhow::Result<()> {
    // An account may be a member of 128 rooms, so each one creates a hundred.
    for (batch, first) in (0..count).step_by(100).enumerate() {
        let token = account(address, &format!("{prefix}-creator-{batch}")).await?;
        let mut client = Client::connect(address, Protocol::Parlor).await?;
        let hello = json!({ "token": token }).to_string();
        client.reply("hello", &hello).await?;
        for room in first..count.min(first + 100) {
            let d = json!({ "name": format!("{prefix}-{room}"), "kind": "public" });
            client.reply("room.create", &d.to_string()).await?;
        }
    }
    Ok(())
}

/// Registers an account and returns its token.
pub(crate) async fn account(address: &str, name: &str) -> anyhow::Result<String> {
    let account = json!({ "name": name, "password": "a password for loads" }).to_string();
    let answer = http(address, "POST", "/api/v1/register", &account).await?;
    let answer: Value = serde_json::from_str(&answer)?;
    Ok(answer["token"].as_str().context("no token")?.to_owned())
}
