//! The events that one entry of a room's log becomes.

use super::frame::with_room;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

/// An event of the server: its name and its argument.
pub(super) struct ServerEvent {
    pub(super) name: &'static str,
    pub(super) argument: String,
}

/// The members of an entry that matter here; of a message of a page, too.
#[derive(Deserialize)]
pub(super) struct EntryView<'a> {
    pub(super) seq: u64,
    #[serde(default = "message", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    author: Author<'a>,
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow)]
    cid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) body: Option<Cow<'a, str>>,
    reply_to: Option<u64>,
    /// Whom it is about, if not the author.
    #[serde(borrow)]
    user: Option<Author<'a>>,
    pub(super) target: Option<u64>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

fn message() -> Cow<'static, str> {
    Cow::Borrowed("message")
}

impl EntryView<'_> {
    /// Returns a message under the names that other Socket.IO servers use; `None` if it is none, or is
    /// deleted.
    pub(super) fn message(&self, room: &str) -> Option<Value> {
        let body = self.body.as_ref().filter(|_| self.kind == "message")?;
        Some(json!({
            "id": self.id, "seq": self.seq, "cid": self.cid, "room": room,
            "username": self.author.name, "userId": self.author.id,
            "content": body, "message": body, "body": body,
            "timestamp": self.at, "reply_to": self.reply_to,
        }))
    }

    fn person(&self, room: &str) -> Value {
        let who = self.user.as_ref().unwrap_or(&self.author);
        json!({
            "room": room, "seq": self.seq, "username": who.name, "userId": who.id,
            "timestamp": self.at, "reason": self.reason,
        })
    }
}

/// Returns the events of an entry, the same ones in the same order each time.
pub(super) fn events(
    room: &str,
    json: &str,
    entry: &EntryView<'_>,
    native_only: bool,
) -> Vec<ServerEvent> {
    let mut events = vec![ServerEvent {
        name: "entry",
        argument: with_room(room, json),
    }];
    if native_only {
        return events;
    }
    let mut add = |name, argument: String| events.push(ServerEvent { name, argument });
    match &*entry.kind {
        "message" => {
            if let Some(message) = entry.message(room) {
                let message = message.to_string();
                add("new_message", message.clone());
                add("message", message);
            }
        }
        "joined" => add("user_joined", entry.person(room).to_string()),
        "left" | "kicked" | "banned" => add("user_left", entry.person(room).to_string()),
        _ => {}
    }
    events
}

/// Returns the messages of a page of entries, in their state after it.
pub(super) fn messages_of(room: &str, entries: &[&RawValue]) -> Vec<Value> {
    let views = entries
        .iter()
        .filter_map(|entry| serde_json::from_str(entry.get()).ok());
    let views: Vec<EntryView<'_>> = views.collect();
    let mut messages: Vec<(u64, Value)> = Vec::new();
    for view in &views {
        if let Some(message) = view.message(room) {
            messages.push((view.seq, message));
        } else if let ("edited", Some(target), Some(body)) = (&*view.kind, view.target, &view.body)
            && let Ok(at) = messages.binary_search_by_key(&target, |(seq, _)| *seq)
        {
            for key in ["content", "message", "body"] {
                messages[at].1[key] = Value::from(&**body);
            }
        }
    }
    messages.into_iter().map(|(_, message)| message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHOR: &str = r#""author":{"id":"u1","name":"alice","guest":true},"at":"T""#;

    fn entry(more: &str) -> String {
        format!(r#"{{"seq":7,"id":"e7",{AUTHOR},{more}}}"#)
    }

    fn named(json: &str, native_only: bool) -> Vec<(&'static str, Value)> {
        let view: EntryView<'_> = serde_json::from_str(json).unwrap();
        let events = events("general", json, &view, native_only);
        let events = events.into_iter();
        events
            .map(|event| (event.name, serde_json::from_str(&event.argument).unwrap()))
            .collect()
    }

    #[test]
    fn a_message_is_heard_by_its_own_name_and_by_those_of_other_servers() {
        let json = entry(r#""kind":"message","cid":"c","body":"hi \"you\"","mentions":[]"#);
        let events = named(&json, false);
        let names: Vec<_> = events.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["entry", "new_message", "message"]);
        assert_eq!(events[0].1["room"], "general");
        assert_eq!(events[0].1["author"]["name"], "alice");
        for (_, message) in &events[1..] {
            for key in ["content", "message", "body"] {
                assert_eq!(message[key], "hi \"you\"");
            }
            assert_eq!(message["username"], "alice");
        }
        assert_eq!(named(&json, true).len(), 1);
    }

    #[test]
    fn who_comes_and_goes_is_told_by_name() {
        for (more, name, who) in [
            (r#""kind":"joined""#, "user_joined", "alice"),
            (r#""kind":"left""#, "user_left", "alice"),
            (
                r#""kind":"kicked","user":{"id":"u2","name":"bob"},"reason":"spam""#,
                "user_left",
                "bob",
            ),
        ] {
            let events = named(&entry(more), false);
            assert_eq!((events[1].0, &events[1].1["username"]), (name, &json!(who)));
        }
        for more in [
            r#""kind":"reaction","emoji":"x""#,
            r#""kind":"message","deleted":true"#,
            r#""kind":"new""#,
        ] {
            assert_eq!(named(&entry(more), false).len(), 1, "{more}");
        }
    }

    #[test]
    fn a_page_has_messages_as_they_are_now() {
        let first = format!(r#"{{"seq":1,"kind":"message","id":"a",{AUTHOR},"body":"old"}}"#);
        let gone = format!(r#"{{"seq":2,"kind":"message","id":"b",{AUTHOR},"deleted":true}}"#);
        let edit =
            format!(r#"{{"seq":3,"kind":"edited","id":"c",{AUTHOR},"target":1,"body":"new"}}"#);
        let page = format!("[{first},{gone},{edit}]");
        let entries: Vec<&RawValue> = serde_json::from_str(&page).unwrap();
        let messages = messages_of("general", &entries);
        assert_eq!(messages.len(), 1);
        assert_eq!(
            (&messages[0]["content"], &messages[0]["seq"]),
            (&json!("new"), &json!(1))
        );
    }
}
