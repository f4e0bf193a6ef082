//! Recognises `parlor.v1` and its smallest JSON equivalent: one item per frame.

use super::{Incoming, leading_number};
use crate::stamp::Stamp;

/// Before the key of the room in a pushed entry.
const ENTRY: &[u8] = br#"{"ev":"entry","room":""#;
/// Between the key and the sequence number.
const SEQ: &[u8] = br#"","d":{"seq":"#;

pub(super) fn scan(payload: &[u8], room: &str) -> Incoming {
    if payload.starts_with(ENTRY) {
        return Incoming::Delivery {
            seq: payload
                .get(ENTRY.len() + room.len() + SEQ.len()..)
                .map(|digits| leading_number(digits).0),
            stamp: Stamp::find(payload),
        };
    }
    if let Some(rest) = payload.strip_prefix(br#"{"id":"#) {
        let (id, digits) = leading_number(rest);
        return Incoming::Reply {
            id,
            ok: rest[digits..].starts_with(br#","ok":"#),
        };
    }
    if payload.starts_with(br#"{"ev":"gap""#) {
        return Incoming::Gap;
    }
    Incoming::Other
}
