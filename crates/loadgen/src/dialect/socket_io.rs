//! What Engine.IO's and Socket.IO's packets say.

use super::{Seen, leading_number};
use crate::frame::Opcode;
use crate::stamp::Stamp;

pub(super) fn scan(payload: &[u8]) -> Seen {
    match payload {
        [b'4', b'2', ..] => Seen::Delivery {
            seq: None,
            stamp: Stamp::find(payload),
        },
        [b'4', b'3', rest @ ..] => Seen::Reply {
            id: leading_number(rest).0,
            ok: true,
        },
        [b'2', ..] => Seen::Beat(Opcode::Text, b"3"),
        _ => Seen::Other,
    }
}
