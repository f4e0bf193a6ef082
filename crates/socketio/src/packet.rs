//! The packets of Socket.IO v5, which Engine.IO carries as messages.

use serde_json::value::RawValue;
use std::borrow::Cow;

/// The namespace of the chat.
pub(crate) const MAIN: &str = "/";
/// Longest name of an event, bytes.
const NAME_MAX: usize = 64;

/// A packet of a client.
#[derive(Debug)]
pub(crate) struct Packet<'a> {
    /// Without its query.
    pub(crate) namespace: &'a str,
    pub(crate) kind: PacketKind<'a>,
}

/// What a packet says.
#[derive(Debug)]
pub(crate) enum PacketKind<'a> {
    Connect(Option<&'a RawValue>),
    Disconnect,
    Event(ClientEvent<'a>),
    /// Acknowledges an event of the server.
    Ack,
    /// An event or acknowledgement with attachments, which follow as binary messages.
    Binary {
        attachments: usize,
        ack: Option<u64>,
    },
}

/// An event of a client.
#[derive(Debug)]
pub(crate) struct ClientEvent<'a> {
    /// Under which the client waits for an acknowledgement.
    pub(crate) ack: Option<u64>,
    pub(crate) name: Cow<'a, str>,
    pub(crate) args: Vec<&'a RawValue>,
}

/// Reads a packet. `None`: the protocol has no such packet.
pub(crate) fn read(text: &str) -> Option<Packet<'_>> {
    let kind = text.chars().next()?;
    let rest = &text[kind.len_utf8()..];
    let (attachments, rest) = match kind {
        '5' | '6' => {
            let (attachments, rest) = rest.split_once('-')?;
            (number(attachments)?, rest)
        }
        _ => (0, rest),
    };
    let (namespace, rest) = if rest.starts_with('/') {
        rest.split_once(',').unwrap_or((rest, ""))
    } else {
        (MAIN, rest)
    };
    let namespace = namespace.split('?').next().unwrap_or(namespace);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (id, json) = rest.split_at(digits);
    let ack = if id.is_empty() {
        None
    } else {
        Some(number(id)?)
    };
    let kind = match kind {
        '0' if ack.is_none() && json.is_empty() => PacketKind::Connect(None),
        '0' if ack.is_none() && json.starts_with('{') => {
            PacketKind::Connect(Some(serde_json::from_str(json).ok()?))
        }
        '1' if ack.is_none() && json.is_empty() => PacketKind::Disconnect,
        '2' => PacketKind::Event(event(ack, json)?),
        '3' if ack.is_some() => {
            serde_json::from_str::<Vec<&RawValue>>(json).ok()?;
            PacketKind::Ack
        }
        '5' => {
            event(ack, json)?;
            let attachments = usize::try_from(attachments).ok()?;
            PacketKind::Binary { attachments, ack }
        }
        '6' if ack.is_some() => {
            serde_json::from_str::<Vec<&RawValue>>(json).ok()?;
            let attachments = usize::try_from(attachments).ok()?;
            // Nobody has asked for it, so nobody waits for an answer.
            PacketKind::Binary {
                attachments,
                ack: None,
            }
        }
        _ => return None,
    };
    Some(Packet { namespace, kind })
}

fn event(ack: Option<u64>, json: &str) -> Option<ClientEvent<'_>> {
    let mut args: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    if args.is_empty() {
        return None;
    }
    let name = args.remove(0).get();
    // Borrowed if it has no escapes.
    let name = match serde_json::from_str::<&str>(name) {
        Ok(name) => Cow::Borrowed(name),
        Err(_) => Cow::Owned(serde_json::from_str::<String>(name).ok()?),
    };
    (name.len() <= NAME_MAX).then_some(ClientEvent { ack, name, args })
}

/// Reads a number as JavaScript counts: up to 2^53.
fn number(text: &str) -> Option<u64> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| fits)?;
    (number <= 1 << 53).then_some(number)
}

/// Returns the packet that accepts a CONNECT.
pub(crate) fn connected(sid: &str, pid: &str) -> String {
    format!("0{}", serde_json::json!({ "sid": sid, "pid": pid }))
}

/// Returns the packet that refuses a CONNECT.
pub(crate) fn connect_error(namespace: &str, error: &serde_json::Value) -> String {
    if namespace == MAIN {
        format!("4{error}")
    } else {
        format!("4{namespace},{error}")
    }
}

/// Returns the packet with which the server ends the connection, so that the client does not come back by
/// itself.
pub(crate) fn disconnect() -> String {
    "1".to_owned()
}

/// Returns an event with one argument, and the offset that a client sends when it comes back.
pub(crate) fn event_text(name: &str, argument: &str, offset: Option<&str>) -> String {
    let name = serde_json::Value::from(name);
    match offset {
        // An offset has no character that JSON would escape.
        Some(offset) => format!("2[{name},{argument},\"{offset}\"]"),
        None => format!("2[{name},{argument}]"),
    }
}

/// Returns an acknowledgement with one argument.
pub(crate) fn ack_text(ack: u64, argument: &str) -> String {
    format!("3{ack}[{argument}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_read() {
        for (text, expected) in [
            ("0", "/ connect -"),
            ("0{\"token\":\"x\"}", "/ connect {\"token\":\"x\"}"),
            ("0/admin,", "/admin connect -"),
            ("0/admin", "/admin connect -"),
            ("0/admin?a=1,{}", "/admin connect {}"),
            ("1", "/ disconnect"),
            ("1/admin,", "/admin disconnect"),
            ("2[\"a\"]", "/ event - a"),
            ("2/,[\"a\",1,{}]", "/ event - a 1 {}"),
            ("212[\"a\\u0062\",null]", "/ event 12 ab null"),
            ("2/x,0[\"a\"]", "/x event 0 a"),
            ("37[]", "/ ack"),
            (
                "51-[\"f\",{\"_placeholder\":true,\"num\":0}]",
                "/ binary 1 -",
            ),
            ("52-/x,3[\"f\"]", "/x binary 2 3"),
            ("60-1[]", "/ binary 0 -"),
        ] {
            let packet = read(text).unwrap_or_else(|| panic!("{text}"));
            let kind = match packet.kind {
                PacketKind::Connect(auth) => format!("connect {}", auth.map_or("-", RawValue::get)),
                PacketKind::Disconnect => "disconnect".to_owned(),
                PacketKind::Event(event) => {
                    let ack = event.ack.map_or("-".to_owned(), |ack| ack.to_string());
                    let args = event.args.iter().map(|arg| format!(" {}", arg.get()));
                    format!("event {ack} {}{}", event.name, args.collect::<String>())
                }
                PacketKind::Ack => "ack".to_owned(),
                PacketKind::Binary { attachments, ack } => {
                    let ack = ack.map_or("-".to_owned(), |ack| ack.to_string());
                    format!("binary {attachments} {ack}")
                }
            };
            assert_eq!(format!("{} {kind}", packet.namespace), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_not_read() {
        let long = format!("2[\"{}\"]", "x".repeat(NAME_MAX + 1));
        let deep = format!("2[\"a\",{}", "[".repeat(60_000));
        for text in [
            "",
            "7",
            "8[]",
            "x",
            "é",
            "0[]",
            "0null",
            "0{",
            "01{}",
            "1{}",
            "11",
            "2",
            "2[]",
            "2[1]",
            "2[null]",
            "2{}",
            "2\"a\"",
            "2[\"a\"",
            "2[\"a\"]x",
            "2[\"a\",]",
            "2-1[\"a\"]",
            "299999999999999999999[\"a\"]",
            "29007199254740993[\"a\"]",
            "3[]",
            "31",
            "31{}",
            "4{}",
            "4",
            "5[\"a\"]",
            "5-[\"a\"]",
            "5x-[\"a\"]",
            "51-",
            "61-[]",
            "2/x",
            "2[\"\\ud800\"]",
            &long,
            &deep,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn packets_are_written() {
        assert_eq!(event_text("a\"b", "{}", None), "2[\"a\\\"b\",{}]");
        assert_eq!(event_text("a", "1", Some("AA")), "2[\"a\",1,\"AA\"]");
        assert_eq!(ack_text(3, "{}"), "33[{}]");
        assert_eq!(connected("s", "p"), "0{\"pid\":\"p\",\"sid\":\"s\"}");
        let error = serde_json::json!({ "message": "no" });
        assert_eq!(connect_error("/", &error), "4{\"message\":\"no\"}");
        assert_eq!(connect_error("/a", &error), "4/a,{\"message\":\"no\"}");
    }
}
