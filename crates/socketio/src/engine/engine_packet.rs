//! The packets of Engine.IO: one character for the kind, then the data.

/// Separates the packets of a payload.
pub(super) const SEPARATOR: char = '\u{1e}';

pub(super) const CLOSE: &str = "1";
pub(super) const PING: &str = "2";
pub(super) const PROBE: &str = "2probe";
pub(super) const PROBE_ANSWER: &str = "3probe";
pub(super) const UPGRADE: &str = "5";
pub(super) const NOOP: &str = "6";

/// What a client may send in a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EnginePacket<'a> {
    Close,
    Pong,
    Message(&'a str),
    /// Bytes, as a packet of a payload: never read.
    Binary,
}

/// Reads one packet. `None`: a client does not send that here.
pub(super) fn read(text: &str) -> Option<EnginePacket<'_>> {
    if let Some(message) = text.strip_prefix('4') {
        return Some(EnginePacket::Message(message));
    }
    match text {
        CLOSE => Some(EnginePacket::Close),
        "3" => Some(EnginePacket::Pong),
        _ if text.starts_with('b') => Some(EnginePacket::Binary),
        _ => None,
    }
}

/// Returns the packet that answers a handshake.
pub(super) fn open(
    sid: &str,
    upgrades: &[&str],
    settings: &crate::settings::SocketIoSettings,
) -> String {
    let handshake = serde_json::json!({
        "sid": sid,
        "upgrades": upgrades,
        "pingInterval": ms(settings.ping_interval),
        "pingTimeout": ms(settings.ping_timeout),
        "maxPayload": settings.max_payload,
    });
    format!("0{handshake}")
}

fn ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SocketIoSettings;
    use serde_json::{Value, json};

    #[test]
    fn only_what_a_client_sends_in_a_session_is_read() {
        for (text, expected) in [
            ("1", Some(EnginePacket::Close)),
            ("3", Some(EnginePacket::Pong)),
            ("4", Some(EnginePacket::Message(""))),
            ("40{}", Some(EnginePacket::Message("0{}"))),
            ("bAAEC", Some(EnginePacket::Binary)),
            ("", None),
            ("0", None),
            ("0{}", None),
            ("1x", None),
            ("2", None),
            ("2probe", None),
            ("3probe", None),
            ("5", None),
            ("6", None),
            ("7", None),
            (" 4", None),
            ("é", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_handshake_has_exactly_the_fields_of_the_protocol() {
        let text = open("abc", &["websocket"], &SocketIoSettings::default());
        let handshake: Value = serde_json::from_str(text.strip_prefix('0').unwrap()).unwrap();
        let expected = json!({
            "sid": "abc", "upgrades": ["websocket"],
            "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 65_536,
        });
        assert_eq!(handshake, expected);
    }
}
