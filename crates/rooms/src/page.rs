//! Where a page of entries ends.

use crate::api::{Change, Entry};
use crate::store::entries::End;

/// What an entry costs besides its body, roughly: names, ids, times and their keys.
const AROUND_A_BODY: usize = 200;

/// Cuts ascending entries down to `limit` and `bytes`, keeping the end that the page was filled
/// from, and at least one. The flag says whether something was cut.
pub(crate) fn cut(
    mut entries: Vec<Entry>,
    from: End,
    limit: usize,
    bytes: usize,
) -> (Vec<Entry>, bool) {
    let all = entries.len();
    let kept = match from {
        End::Lowest => fitting(entries.iter(), limit, bytes),
        End::Highest => fitting(entries.iter().rev(), limit, bytes),
    };
    match from {
        End::Lowest => entries.truncate(kept),
        End::Highest => drop(entries.drain(..all - kept)),
    }
    (entries, kept < all)
}

fn fitting<'e>(entries: impl Iterator<Item = &'e Entry>, limit: usize, bytes: usize) -> usize {
    let mut room = bytes;
    let mut kept = 0;
    for entry in entries.take(limit) {
        let size = AROUND_A_BODY + text(entry);
        if kept > 0 && size > room {
            break;
        }
        room = room.saturating_sub(size);
        kept += 1;
    }
    kept
}

fn text(entry: &Entry) -> usize {
    match &entry.change {
        Change::Message { body, .. } | Change::Edited { body, .. } => {
            body.as_ref().map_or(0, String::len)
        }
        _ => 0,
    }
}
