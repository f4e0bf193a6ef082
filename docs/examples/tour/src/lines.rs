//! Another door: a WebSocket at `/lines/` on which plain lines go both ways. What the client sends is
//! said in `general`; what others say there arrives as `NAME: TEXT`.

use crate::settings::Settings;
use parlor::prelude::*;
use serde_json::{Value, json};

pub(crate) struct Lines;

impl Serve for Lines {
    async fn serve(&self, mut request: HttpRequest, cx: &Cx) -> HttpResponse {
        let greeting = cx.settings::<Settings>().greeting.clone();
        // The same limits, order and errors as for a client of /ws.
        let chat = match request.open() {
            Ok(chat) => chat,
            Err(full_or_draining) => return error(503, &full_or_draining.to_string()),
        };
        let upgraded = request.upgrade(None, move |client| translate(client, chat, greeting));
        upgraded.unwrap_or_else(|| error(426, "connect with a WebSocket"))
    }
}

fn error(status: u16, text: &str) -> HttpResponse {
    let body = bytes::Bytes::from(text.to_owned());
    let response = http::Response::builder().status(status).body(body);
    response.expect("a status and a text are a response")
}

/// Ends when one of the two ends; the other is closed by that.
async fn translate(
    mut client: Box<dyn Socket>,
    mut chat: Box<dyn Socket>,
    greeting: Option<String>,
) {
    if let Some(greeting) = greeting {
        client.send(SocketFrame::Text(greeting)).await;
    }
    let name = format!("line-{}", std::process::id());
    let mut id = 0;
    let mut command = |op: &str, d: Value| {
        id += 1;
        SocketFrame::Text(json!({ "id": id, "op": op, "d": d }).to_string())
    };
    let hello = command("hello", json!({ "guest": name, "subscribe": "all" }));
    let join = command("join", json!({ "room": "general" }));
    if !chat.send(hello).await || !chat.send(join).await {
        return;
    }
    let mut said = 0;
    loop {
        tokio::select! {
            line = client.recv() => {
                let Some(SocketFrame::Text(line)) = line else { return };
                said += 1;
                let d = json!({ "room": "general", "cid": format!("line-{said}"), "body": line });
                if !chat.send(command("send", d)).await {
                    return;
                }
            }
            frame = chat.recv() => {
                let Some(SocketFrame::Text(frame)) = frame else { return };
                let frame: Value = serde_json::from_str(&frame).unwrap_or_default();
                let (author, body) = (&frame["d"]["author"]["name"], &frame["d"]["body"]);
                match (frame["ev"].as_str(), author.as_str(), body.as_str()) {
                    // Whatever is sent answers a ping.
                    (Some("ping"), ..) => drop(chat.send(command("ping", json!({}))).await),
                    (Some("entry"), Some(author), Some(body)) if author != name => {
                        client.send(SocketFrame::Text(format!("{author}: {body}"))).await;
                    }
                    _ => {}
                }
            }
        }
    }
}
