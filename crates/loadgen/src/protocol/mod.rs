//! The protocols inside WebSocket frames: how to send a message, and what an arriving frame means.

mod centrifugo;
mod json;
mod nats;
mod socket_io;

use crate::frame::{self, Opcode};
use crate::stamp::Stamp;

/// Length of a message body: with the envelope, about 200 bytes reach a receiver of Parlor's peers.
pub(crate) const BODY_BYTES: usize = 120;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Parlor's own, `parlor.v1`.
    Parlor,
    /// The same commands and pushes in packets of Engine.IO 4 and Socket.IO 5.
    ParlorSocketIo,
    /// The smallest JSON equivalent: `join` and `send`, `entry` pushed, no session.
    Json,
    /// Engine.IO 4 and Socket.IO 5 packets as text.
    SocketIo,
    /// NATS's text protocol in binary frames.
    Nats,
    /// Centrifugo's commands, replies and pushes as JSON.
    Centrifugo,
}

/// What the generator recognises in a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// Something published in a room; `seq` if the server numbers it.
    Delivery {
        seq: Option<u64>,
        stamp: Option<Stamp>,
    },
    /// The answer to a command.
    Reply {
        id: u64,
        ok: bool,
    },
    /// A heartbeat, and the frame that answers it.
    Heartbeat(Opcode, &'static [u8]),
    /// Lost messages, or an error of the server; must not happen under load.
    Gap,
    Other,
}

/// A message to send.
pub(crate) struct Message<'a> {
    pub(crate) room: &'a str,
    pub(crate) id: u64,
    /// Makes the client message id unique across runs.
    pub(crate) nonce: u64,
    pub(crate) stamp: Stamp,
}

impl Protocol {
    /// Appends one message as a whole frame; clears `scratch` first.
    pub(crate) fn write(self, out: &mut Vec<u8>, scratch: &mut Vec<u8>, message: &Message<'_>) {
        use std::io::Write as _;
        scratch.clear();
        let Message {
            room, id, stamp, ..
        } = message;
        let wrote = match self {
            Self::Parlor => write!(
                scratch,
                r#"{{"id":{id},"op":"send","d":{{"room":"{room}","cid":"{:012x}-{:03x}-{:08x}","body":""#,
                message.nonce + stamp.at / 1_000,
                stamp.publisher,
                stamp.count,
            ),
            Self::ParlorSocketIo => write!(
                scratch,
                r#"42{id}["send",{{"room":"{room}","cid":"{:012x}-{:03x}-{:08x}","body":""#,
                message.nonce + stamp.at / 1_000,
                stamp.publisher,
                stamp.count,
            ),
            Self::Json => write!(
                scratch,
                r#"{{"id":{id},"op":"send","d":{{"room":"{room}","body":""#
            ),
            Self::SocketIo => write!(scratch, r#"42{id}["send","{room}",""#),
            Self::Nats => write!(scratch, "PUB {room} {BODY_BYTES}\r\n"),
            Self::Centrifugo => write!(
                scratch,
                r#"{{"id":{id},"publish":{{"channel":"{room}","data":""#
            ),
        };
        wrote.expect("writing to a vector succeeds");
        stamp.write_body(scratch, BODY_BYTES);
        scratch.extend_from_slice(match self {
            Self::Parlor | Self::Json | Self::Centrifugo => br#""}}"#,
            Self::ParlorSocketIo => br#""}]"#,
            Self::SocketIo => br#""]"#,
            Self::Nats => b"\r\n",
        });
        frame::write(out, self.opcode(), scratch);
    }

    /// Returns the opcode of its frames.
    pub(crate) const fn opcode(self) -> Opcode {
        match self {
            Self::Nats => Opcode::Binary,
            _ => Opcode::Text,
        }
    }

    /// Returns whether the server acknowledges a send.
    pub(crate) const fn has_acks(self) -> bool {
        !matches!(self, Self::Nats)
    }

    /// Calls `each` with everything in the payload of a frame that a member of `room` received.
    pub(crate) fn scan(self, payload: &[u8], room: &str, mut each: impl FnMut(Incoming)) {
        match self {
            Self::Parlor | Self::Json => each(json::scan(payload, room)),
            Self::SocketIo => each(socket_io::scan(payload)),
            Self::ParlorSocketIo => each(socket_io::scan_of_parlor(payload)),
            Self::Nats => nats::scan(payload, each),
            Self::Centrifugo => centrifugo::scan(payload, room, each),
        }
    }
}

/// Returns the number at the beginning of `digits` and its length.
fn leading_number(digits: &[u8]) -> (u64, usize) {
    let mut value = 0_u64;
    let mut length = 0;
    while let Some(digit @ b'0'..=b'9') = digits.get(length) {
        value = value.wrapping_mul(10) + u64::from(digit - b'0');
        length += 1;
    }
    (value, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        publisher: 1,
        count: 2,
        at: 3,
    };

    fn all(protocol: Protocol, payload: &[u8]) -> Vec<Incoming> {
        let mut seen = Vec::new();
        protocol.scan(payload, "general", |one| seen.push(one));
        seen
    }

    #[test]
    fn an_entry_says_its_seq_and_stamp() {
        let mut payload = br#"{"ev":"entry","room":"general","d":{"seq":412,"body":""#.to_vec();
        STAMP.write_body(&mut payload, 60);
        payload.extend(br#""}}"#);
        let expected = Incoming::Delivery {
            seq: Some(412),
            stamp: Some(STAMP),
        };
        assert_eq!(all(Protocol::Parlor, &payload), [expected]);
    }

    #[test]
    fn replies_say_whether_they_are_ok() {
        assert_eq!(
            all(Protocol::Parlor, br#"{"id":17,"ok":{}}"#),
            [Incoming::Reply { id: 17, ok: true }]
        );
        assert_eq!(
            all(Protocol::Parlor, br#"{"id":17,"err":{"name":"muted"}}"#),
            [Incoming::Reply { id: 17, ok: false }]
        );
        assert_eq!(
            all(Protocol::SocketIo, b"4317[5]"),
            [Incoming::Reply { id: 17, ok: true }]
        );
    }

    #[test]
    fn parlors_door_pushes_entries_and_answers_with_ok_or_err() {
        let mut payload = br#"42["entry",{"room":"general","seq":412,"body":""#.to_vec();
        STAMP.write_body(&mut payload, 60);
        payload.extend(br#""},"offset"]"#);
        let delivery = Incoming::Delivery {
            seq: None,
            stamp: Some(STAMP),
        };
        assert_eq!(all(Protocol::ParlorSocketIo, &payload), [delivery]);
        for (packet, ok) in [
            (&br#"4317[{"ok":{}}]"#[..], true),
            (br#"4317[{"err":{"name":"muted"}}]"#, false),
        ] {
            let reply = Incoming::Reply { id: 17, ok };
            assert_eq!(all(Protocol::ParlorSocketIo, packet), [reply]);
        }
        assert_eq!(
            all(Protocol::ParlorSocketIo, br#"42["presence",{}]"#),
            [Incoming::Other]
        );
    }

    #[test]
    fn one_frame_of_nats_holds_several_messages() {
        let mut payload = Vec::new();
        for _ in 0..2 {
            payload.extend(b"MSG general 1 60\r\n");
            STAMP.write_body(&mut payload, 60);
            payload.extend(b"\r\n");
        }
        payload.extend(b"PING\r\n");
        let seen = all(Protocol::Nats, &payload);
        assert_eq!(seen.len(), 3);
        assert!(matches!(
            seen[1],
            Incoming::Delivery {
                stamp: Some(STAMP),
                ..
            }
        ));
        assert!(matches!(seen[2], Incoming::Heartbeat(..)));
    }

    #[test]
    fn one_frame_of_centrifugo_holds_several_messages() {
        let mut payload = br#"{"push":{"channel":"general","pub":{"data":""#.to_vec();
        STAMP.write_body(&mut payload, 60);
        payload.extend(br#"","info":{"user":"","client":"5a0e"},"offset":412,"epoch":"kX"}}}"#);
        payload.extend(b"\n{\"id\":17,\"publish\":{}}\n{}");
        let delivery = Incoming::Delivery {
            seq: Some(412),
            stamp: Some(STAMP),
        };
        let reply = Incoming::Reply { id: 17, ok: true };
        let beat = Incoming::Heartbeat(Opcode::Text, b"{}");
        assert_eq!(all(Protocol::Centrifugo, &payload), [delivery, reply, beat]);
    }

    #[test]
    fn what_centrifugo_declines_and_cuts_is_seen() {
        assert_eq!(
            all(Protocol::Centrifugo, br#"{"id":17,"error":{"code":103}}"#),
            [Incoming::Reply { id: 17, ok: false }]
        );
        let cut = br#"{"push":{"channel":"general","unsubscribe":{"code":2500}}}"#;
        assert_eq!(all(Protocol::Centrifugo, cut), [Incoming::Gap]);
    }
}
