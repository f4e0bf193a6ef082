//! Recognises the packets of Engine.IO and Socket.IO.

use super::{Incoming, leading_number};
use crate::frame::Opcode;
use crate::stamp::Stamp;

pub(super) fn scan(payload: &[u8]) -> Incoming {
    match payload {
        [b'4', b'2', ..] => Incoming::Delivery {
            seq: None,
            stamp: Stamp::find(payload),
        },
        [b'4', b'3', rest @ ..] => Incoming::Reply {
            id: leading_number(rest).0,
            ok: true,
        },
        [b'2', ..] => Incoming::Heartbeat(Opcode::Text, b"3"),
        _ => Incoming::Other,
    }
}

/// The same for Parlor's door, to a client that asked for `native` events: an entry comes once, and beside entries
/// come other pushes.
pub(super) fn scan_of_parlor(payload: &[u8]) -> Incoming {
    match scan(payload) {
        Incoming::Delivery { .. } if !payload.starts_with(br#"42["entry""#) => Incoming::Other,
        Incoming::Reply { id, .. } => Incoming::Reply {
            id,
            ok: payload.windows(7).any(|part| part == br#"[{"ok":"#),
        },
        other => other,
    }
}
