//! What NATS says in its text protocol.

use super::{Seen, leading_number};
use crate::frame::Opcode;
use crate::stamp::Stamp;

/// One frame holds what the server had to say at that moment: several whole lines and messages.
pub(super) fn scan(mut payload: &[u8], mut each: impl FnMut(Seen)) {
    while let Some(end) = payload.iter().position(|byte| *byte == b'\n') {
        let (line, rest) = payload.split_at(end + 1);
        payload = rest;
        if line.starts_with(b"MSG ") {
            let digits = line[..line.len().saturating_sub(2)]
                .iter()
                .rposition(|byte| *byte == b' ')
                .map_or(0, |space| space + 1);
            let length = usize::try_from(leading_number(&line[digits..]).0).unwrap_or_default();
            let body = payload.get(..length).unwrap_or_default();
            each(Seen::Delivery {
                seq: None,
                stamp: Stamp::find(body),
            });
            payload = payload.get(length + 2..).unwrap_or_default();
        } else if line.starts_with(b"PING") {
            each(Seen::Beat(Opcode::Binary, b"PONG\r\n"));
        } else if line.starts_with(b"-ERR") {
            each(Seen::Hole);
        }
    }
}
