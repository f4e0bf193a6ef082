//! Where a page of entries ends.

use crate::api::{Change, Entry};
use crate::store::entries::FillFrom;

/// What an entry costs besides its body, roughly: names, ids, times and their keys.
const ENTRY_OVERHEAD_BYTES: usize = 200;

/// Cuts ascending entries down to `limit` and `bytes`, keeping the end that the page was filled
/// from, and at least one. The flag says whether something was cut.
pub(crate) fn cut(
    mut entries: Vec<Entry>,
    from: FillFrom,
    limit: usize,
    bytes: usize,
) -> (Vec<Entry>, bool) {
    let all = entries.len();
    let kept = match from {
        FillFrom::Lowest => count_fitting(entries.iter(), limit, bytes),
        FillFrom::Highest => count_fitting(entries.iter().rev(), limit, bytes),
    };
    match from {
        FillFrom::Lowest => entries.truncate(kept),
        FillFrom::Highest => drop(entries.drain(..all - kept)),
    }
    (entries, kept < all)
}

fn count_fitting<'e>(
    entries: impl Iterator<Item = &'e Entry>,
    limit: usize,
    bytes: usize,
) -> usize {
    let mut room = bytes;
    let mut kept = 0;
    for entry in entries.take(limit) {
        let size = ENTRY_OVERHEAD_BYTES + body_len(entry);
        if kept > 0 && size > room {
            break;
        }
        room = room.saturating_sub(size);
        kept += 1;
    }
    kept
}

fn body_len(entry: &Entry) -> usize {
    match &entry.change {
        Change::Message { body, .. } | Change::Edited { body, .. } => {
            body.as_ref().map_or(0, String::len)
        }
        _ => 0,
    }
}
