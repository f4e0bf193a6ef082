//! Recognises Centrifugo's JSON.

use super::{Incoming, leading_number};
use crate::frame::Opcode;
use crate::stamp::Stamp;

/// Before the channel in a push.
const PUSH: &[u8] = br#"{"push":{"channel":""#;
/// Between the channel and the published data.
const PUBLICATION: &[u8] = br#"","pub":{"data":""#;
/// After the channel when a subscription ends, as it does when the client has lost something.
const UNSUBSCRIBE: &[u8] = br#"","unsubscribe""#;
/// Before the sequence number, which follows the published data and the publisher.
const OFFSET: &[u8] = br#","offset":"#;

/// Scans a frame, which may hold several replies and pushes, one per line.
pub(super) fn scan(payload: &[u8], room: &str, mut each: impl FnMut(Incoming)) {
    for line in payload.split(|byte| *byte == b'\n') {
        each(scan_line(line, room));
    }
}

fn scan_line(line: &[u8], room: &str) -> Incoming {
    if let Some(push) = line.strip_prefix(PUSH) {
        return scan_push(push.get(room.len()..).unwrap_or_default());
    }
    if let Some(reply) = line.strip_prefix(br#"{"id":"#) {
        let (id, digits) = leading_number(reply);
        return Incoming::Reply {
            id,
            ok: !reply[digits..].starts_with(br#","error":"#),
        };
    }
    match line {
        b"{}" => Incoming::Heartbeat(Opcode::Text, b"{}"),
        _ => Incoming::Other,
    }
}

fn scan_push(push: &[u8]) -> Incoming {
    if push.starts_with(UNSUBSCRIBE) {
        return Incoming::Gap;
    }
    let Some(publication) = push.strip_prefix(PUBLICATION) else {
        return Incoming::Other;
    };
    // More may follow the body than the distance within which a stamp is searched.
    let end = publication.iter().position(|byte| *byte == b'"');
    let (body, rest) = publication.split_at(end.unwrap_or(publication.len()));
    Incoming::Delivery {
        seq: offset(rest),
        stamp: Stamp::find(body),
    }
}

fn offset(rest: &[u8]) -> Option<u64> {
    let at = rest
        .windows(OFFSET.len())
        .position(|window| window == OFFSET)?;
    Some(leading_number(&rest[at + OFFSET.len()..]).0)
}
