//! Recognises the text protocol of NATS.

use super::{Incoming, leading_number};
use crate::frame::Opcode;
use crate::stamp::Stamp;

/// Scans a frame, which may hold several whole lines and messages.
pub(super) fn scan(mut payload: &[u8], mut each: impl FnMut(Incoming)) {
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
            each(Incoming::Delivery {
                seq: None,
                stamp: Stamp::find(body),
            });
            payload = payload.get(length + 2..).unwrap_or_default();
        } else if line.starts_with(b"PING") {
            each(Incoming::Heartbeat(Opcode::Binary, b"PONG\r\n"));
        } else if line.starts_with(b"-ERR") {
            each(Incoming::Gap);
        }
    }
}
