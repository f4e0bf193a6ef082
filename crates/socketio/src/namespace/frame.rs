//! The frames of the chat, as docs/protocol.md describes them.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A reply or a push.
#[derive(Deserialize)]
pub(super) struct ChatFrame<'a> {
    pub(super) id: Option<u64>,
    #[serde(borrow)]
    ok: Option<&'a RawValue>,
    #[serde(borrow)]
    err: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) ev: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) room: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) d: Option<&'a RawValue>,
}

impl<'a> ChatFrame<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns what a reply says.
    pub(super) fn reply(&self) -> Option<Result<&'a str, &'a str>> {
        match (self.ok, self.err) {
            (Some(ok), _) => Some(Ok(ok.get())),
            (_, Some(error)) => Some(Err(error.get())),
            _ => None,
        }
    }

    /// Returns what the reply to this command says, if it is that.
    pub(super) fn reply_to(&self, id: u64) -> Option<Result<&'a str, &'a str>> {
        self.reply().filter(|_| self.id == Some(id))
    }
}

/// Returns an object with its room as the first member.
pub(super) fn with_room(room: &str, d: &str) -> String {
    let room = serde_json::Value::from(room);
    let rest = d.trim_start().strip_prefix('{').unwrap_or("}").trim_start();
    let comma = if rest.starts_with('}') { "" } else { "," };
    format!(r#"{{"room":{room}{comma}{rest}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_becomes_a_member_of_what_is_said_of_it() {
        for (d, expected) in [
            ("{}", r#"{"room":"a"}"#),
            ("{ }", r#"{"room":"a"}"#),
            (r#"{"seq":1}"#, r#"{"room":"a","seq":1}"#),
            ("null", r#"{"room":"a"}"#),
        ] {
            assert_eq!(with_room("a", d), expected, "{d}");
        }
    }

    #[test]
    fn frames_are_replies_or_pushes() {
        let reply = ChatFrame::read(r#"{"id":3,"ok":{"seq":1}}"#).unwrap();
        assert_eq!(reply.reply_to(3), Some(Ok(r#"{"seq":1}"#)));
        assert_eq!(reply.reply_to(4), None);
        let refusal = ChatFrame::read(r#"{"id":null,"err":{"name":"x"}}"#).unwrap();
        assert_eq!(refusal.reply(), Some(Err(r#"{"name":"x"}"#)));
        let push = ChatFrame::read(r#"{"ev":"ping","d":{}}"#).unwrap();
        assert_eq!((push.ev.as_deref(), push.reply()), (Some("ping"), None));
        assert!(ChatFrame::read("[]").is_none());
    }
}
