//! Rooms for a scenario, made by an account of its own.

use crate::client::Client;
use crate::target::http;
use anyhow::Context;
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// A prefix that no earlier run on the same store has used.
pub(crate) fn unique(kind: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!("{kind}{:x}", now.as_millis() & 0xFFFF_FFFF)
}

/// Makes `count` public rooms called `{prefix}-0`, `{prefix}-1`, ….
pub(crate) async fn create(address: &str, prefix: &str, count: usize) -> anyhow::Result<()> {
    // An account may be a member of 128 rooms, so each one makes a hundred.
    for (batch, first) in (0..count).step_by(100).enumerate() {
        let account =
            format!(r#"{{"name":"{prefix}-maker-{batch}","password":"a password for loads"}}"#);
        let answer = http(address, "POST", "/api/v1/register", &account).await?;
        let answer: Value = serde_json::from_str(&answer)?;
        let token = answer["token"].as_str().context("no token")?;
        let mut client = Client::connect(address).await?;
        client
            .call("hello", &format!(r#"{{"token":"{token}"}}"#))
            .await?;
        for room in first..count.min(first + 100) {
            let d = format!(r#"{{"name":"{prefix}-{room}","kind":"public"}}"#);
            client.call("room.create", &d).await?;
        }
    }
    Ok(())
}

/// A guest who has joined a room.
pub(crate) async fn guest(address: &str, name: &str, room: &str) -> anyhow::Result<Client> {
    let mut client = Client::connect(address).await?;
    client
        .call("hello", &format!(r#"{{"guest":"{name}"}}"#))
        .await?;
    client
        .call("join", &format!(r#"{{"room":"{room}","limit":1}}"#))
        .await?;
    Ok(client)
}
