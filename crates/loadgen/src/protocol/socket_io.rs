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
