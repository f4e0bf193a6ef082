//! A message as the index has it: an id that orders messages by time, and words.

use crate::terms::terms;
use rooms::api::{RoomId, Seq};
use sessions::api::UserId;
use std::fmt::Write as _;

/// The lower bits of an id, which tell messages of one millisecond apart.
const LOW_BITS: u32 = 21;

/// The bits of the lower part that are of the seq; the others are of the room.
const SEQ_BITS: u32 = 10;

/// The latest time that an id can hold, in ms since 1970: in the year 2109. Above it, ids are free.
const AT_MAX: i64 = (1 << (63 - LOW_BITS)) - 2;

/// Returns the id of a message: messages sent later have higher ones. The same message gets the same id
/// whenever the index is built. Two messages that were sent in the same millisecond could get one, if the
/// numbers of their rooms differ by a multiple of 2,048: whoever stores the second takes the next one.
pub(crate) fn id(at: i64, room: RoomId, seq: Seq) -> i64 {
    let room = (room.0 & ((1 << (LOW_BITS - SEQ_BITS)) - 1)) << SEQ_BITS;
    let seq = seq & ((1 << SEQ_BITS) - 1);
    lowest_id(at) | room | seq
}

/// Returns the lowest id that a message of this time can have.
pub(crate) fn lowest_id(at: i64) -> i64 {
    at.clamp(0, AT_MAX) << LOW_BITS
}

/// A message to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) id: i64,
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
    pub(crate) author: UserId,
    /// Its terms, and what a search can be limited to.
    pub(crate) terms: Vec<String>,
}

/// Returns the terms of a message. Those that begin with `_` are what a search can be limited to: no text
/// has such terms, since `_` separates words.
pub(crate) fn terms_of(room: RoomId, author: UserId, text: &str) -> Vec<String> {
    let mut all = vec![room_term(room), author_term(author)];
    if has_link(text) {
        all.push(LINK_TERM.to_owned());
    }
    all.extend(terms(text).into_iter().map(|term| term.text));
    all
}

/// The term of messages with a link.
pub(crate) const LINK_TERM: &str = "_link";

/// Returns whether a text has a link.
pub(crate) fn has_link(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.contains(scheme))
}

/// Returns the term that all messages of a room have.
pub(crate) fn room_term(room: RoomId) -> String {
    format!("_r{}", room.0)
}

/// Returns the term that all messages of an author have.
pub(crate) fn author_term(author: UserId) -> String {
    let mut term = "_u".to_owned();
    for byte in author.0 {
        // Writing into a text never fails.
        let _ = write!(term, "{byte:02x}");
    }
    term
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time() {
        let now = 1_795_168_800_000;
        let later = id(now + 1, RoomId(0), 0);
        assert!(id(now, RoomId(i64::MAX), i64::MAX) < later);
        assert!(lowest_id(now) <= id(now, RoomId(1), 1));
        assert!(id(i64::MIN, RoomId(1), 1) >= 0);
        assert!(id(i64::MAX, RoomId(1), 1) > later);
    }

    #[test]
    fn messages_of_one_room_never_share_an_id() {
        let ids: std::collections::BTreeSet<_> =
            (1..=1_024).map(|seq| id(7, RoomId(5), seq)).collect();
        assert_eq!(ids.len(), 1_024);
    }

    #[test]
    fn nobody_can_write_a_term_that_limits_a_search() {
        let terms = terms_of(
            RoomId(7),
            UserId([0xab; 16]),
            "_r8 _link see https://example.com",
        );
        assert_eq!(terms[0], "_r7");
        assert_eq!(terms[1], format!("_u{}", "ab".repeat(16)));
        assert_eq!(
            terms[2..],
            ["_link", "r8", "link", "see", "https", "example", "com"]
        );
    }
}
