//! What Centrifugo says in JSON.

use super::{Seen, leading_number};
use crate::frame::Opcode;
use crate::stamp::Stamp;

/// Before the channel in a push.
const PUSH: &[u8] = br#"{"push":{"channel":""#;
/// Between the channel and what was published.
const PUBLICATION: &[u8] = br#"","pub":{"data":""#;
/// Behind the channel when a subscription ends, as it does for who has lost something.
const UNSUBSCRIBE: &[u8] = br#"","unsubscribe""#;
/// Before the number, which stands behind what was published and who published it.
const OFFSET: &[u8] = br#","offset":"#;

/// One frame holds what the server had to say at that moment, a line each.
pub(super) fn scan(payload: &[u8], room: &str, mut each: impl FnMut(Seen)) {
    for line in payload.split(|byte| *byte == b'\n') {
        each(scan_line(line, room));
    }
}

fn scan_line(line: &[u8], room: &str) -> Seen {
    if let Some(push) = line.strip_prefix(PUSH) {
        return scan_push(push.get(room.len()..).unwrap_or_default());
    }
    if let Some(reply) = line.strip_prefix(br#"{"id":"#) {
        let (id, digits) = leading_number(reply);
        return Seen::Reply {
            id,
            ok: !reply[digits..].starts_with(br#","error":"#),
        };
    }
    match line {
        b"{}" => Seen::Beat(Opcode::Text, b"{}"),
        _ => Seen::Other,
    }
}

fn scan_push(push: &[u8]) -> Seen {
    if push.starts_with(UNSUBSCRIBE) {
        return Seen::Hole;
    }
    let Some(publication) = push.strip_prefix(PUBLICATION) else {
        return Seen::Other;
    };
    // More may stand behind the body than a stamp is looked for within.
    let end = publication.iter().position(|byte| *byte == b'"');
    let (body, rest) = publication.split_at(end.unwrap_or(publication.len()));
    Seen::Delivery {
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
