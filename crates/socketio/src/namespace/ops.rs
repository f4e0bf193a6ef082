//! Events of a client as commands of the chat: under the names of docs/protocol.md, and under those that other
//! Socket.IO servers use.

use super::refusal::Refusal;
use crate::packet::ClientEvent;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A command of the chat.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TranslatedCommand {
    pub(super) op: String,
    pub(super) d: String,
    pub(super) kind: CommandKind,
}

/// What becomes of the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CommandKind {
    /// It is the acknowledgement.
    Plain,
    /// The room's history follows, too.
    Join(String),
    /// The acknowledgement says `sent`.
    SendMessage,
}

/// Translates an event.
pub(super) fn translate(event: &ClientEvent<'_>) -> Result<TranslatedCommand, Refusal> {
    let argument = event.args.first().copied();
    let command = |op: &str, d: Map<String, Value>, kind| TranslatedCommand {
        op: op.to_owned(),
        d: Value::Object(d).to_string(),
        kind,
    };
    Ok(match &*event.name {
        "join" | "join_room" => {
            let d = of_room(argument)?;
            let room = d["room"].as_str().unwrap_or_default().to_owned();
            command("join", d, CommandKind::Join(room))
        }
        "leave" | "leave_room" => command("leave", of_room(argument)?, CommandKind::Plain),
        "send" => command("send", message(argument)?, CommandKind::Plain),
        "send_message" => command("send", message(argument)?, CommandKind::SendMessage),
        "typing" | "stop_typing" => {
            let mut d = of_room(argument)?;
            let on = d
                .get("on")
                .or_else(|| d.get("isTyping"))
                .and_then(Value::as_bool);
            d.insert(
                "on".to_owned(),
                on.unwrap_or(&*event.name == "typing").into(),
            );
            command("typing", d, CommandKind::Plain)
        }
        op => TranslatedCommand {
            op: op.to_owned(),
            d: as_it_is(argument)?.to_owned(),
            kind: CommandKind::Plain,
        },
    })
}

/// Returns the fields of a command as the client gives them.
fn as_it_is(argument: Option<&RawValue>) -> Result<&str, Refusal> {
    match argument.map(RawValue::get) {
        None | Some("null") => Ok("{}"),
        Some(d) if d.starts_with('{') => Ok(d),
        Some(_) => Err(Refusal::field("d", "must be an object")),
    }
}

/// Returns an object, or the room that is given in its place.
fn of_room(argument: Option<&RawValue>) -> Result<Map<String, Value>, Refusal> {
    let given = argument.and_then(|argument| serde_json::from_str(argument.get()).ok());
    let mut d = match given {
        Some(Value::Object(d)) => d,
        Some(room @ Value::String(_)) => Map::from_iter([("room".to_owned(), room)]),
        None | Some(Value::Null) => Map::new(),
        Some(_) => {
            return Err(Refusal::field(
                "d",
                "must be an object or the name of a room",
            ));
        }
    };
    if !d.contains_key("room") {
        let other = ["roomId", "room_id"].iter().find_map(|key| d.remove(*key));
        let room = other.ok_or_else(|| Refusal::field("room", "is missing"))?;
        d.insert("room".to_owned(), room);
    }
    Ok(d)
}

/// Returns the fields of `send`.
fn message(argument: Option<&RawValue>) -> Result<Map<String, Value>, Refusal> {
    let mut d = of_room(argument)?;
    if !d.contains_key("body") {
        let other = ["content", "message", "text"]
            .iter()
            .find_map(|key| d.remove(*key));
        if let Some(body) = other {
            d.insert("body".to_owned(), body);
        }
    }
    // Without one a repeat cannot be recognised, as with any server.
    let has_cid = d.get("cid").is_some_and(|cid| !cid.is_null());
    if !has_cid {
        d.insert("cid".to_owned(), crate::pid::random_name().into());
    }
    Ok(d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{self, PacketKind};
    use serde_json::json;

    fn translated(json: &str) -> Result<(String, Value, CommandKind), String> {
        let text = format!("2{json}");
        let packet = packet::read(&text).unwrap();
        let PacketKind::Event(event) = packet.kind else {
            panic!("{json}");
        };
        let command = translate(&event).map_err(|refusal| refusal.as_json().to_owned())?;
        let d = serde_json::from_str(&command.d).unwrap();
        Ok((command.op, d, command.kind))
    }

    #[test]
    fn events_become_commands() {
        let join = CommandKind::Join("general".to_owned());
        for (json, op, d, kind) in [
            (
                r#"["join","general"]"#,
                "join",
                json!({"room":"general"}),
                join.clone(),
            ),
            (
                r#"["join_room",{"room":"general"}]"#,
                "join",
                json!({"room":"general"}),
                join.clone(),
            ),
            (
                r#"["join",{"roomId":"general","limit":5}]"#,
                "join",
                json!({"room":"general","limit":5}),
                join,
            ),
            (
                r#"["leave_room","a"]"#,
                "leave",
                json!({"room":"a"}),
                CommandKind::Plain,
            ),
            (
                r#"["send_message",{"room":"a","content":"x","cid":"1"}]"#,
                "send",
                json!({"room":"a","body":"x","cid":"1"}),
                CommandKind::SendMessage,
            ),
            (
                r#"["send",{"room":"a","message":"x","cid":"1"}]"#,
                "send",
                json!({"room":"a","body":"x","cid":"1"}),
                CommandKind::Plain,
            ),
            (
                r#"["typing","a"]"#,
                "typing",
                json!({"room":"a","on":true}),
                CommandKind::Plain,
            ),
            (
                r#"["typing",{"room":"a","isTyping":false}]"#,
                "typing",
                json!({"room":"a","isTyping":false,"on":false}),
                CommandKind::Plain,
            ),
            (
                r#"["stop_typing",{"room":"a"}]"#,
                "typing",
                json!({"room":"a","on":false}),
                CommandKind::Plain,
            ),
            (r#"["rooms"]"#, "rooms", json!({}), CommandKind::Plain),
            (r#"["rooms",null]"#, "rooms", json!({}), CommandKind::Plain),
            (
                r#"["x.karma.top",{"limit":1},"more"]"#,
                "x.karma.top",
                json!({"limit":1}),
                CommandKind::Plain,
            ),
        ] {
            assert_eq!(translated(json), Ok((op.to_owned(), d, kind)), "{json}");
        }
    }

    #[test]
    fn a_message_without_a_cid_gets_one_of_its_own() {
        let cid = || {
            translated(r#"["send",{"room":"a","body":"x","cid":null}]"#)
                .unwrap()
                .1["cid"]
                .clone()
        };
        assert_ne!(cid(), cid());
    }

    #[test]
    fn arguments_of_another_shape_name_the_field() {
        for (json, field) in [
            (r#"["join"]"#, "room"),
            (r#"["join",{}]"#, "room"),
            (r#"["join",7]"#, "\"d\""),
            (r#"["send_message",["a"]]"#, "\"d\""),
            (r#"["rooms",[]]"#, "\"d\""),
            (r#"["rooms","all"]"#, "\"d\""),
        ] {
            let refused = translated(json).unwrap_err();
            assert!(
                refused.contains(field) && refused.contains("bad_request"),
                "{json}: {refused}"
            );
        }
    }
}
