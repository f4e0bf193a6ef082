//! Limiting a page of entries by number and size.

use crate::api::{Change, Entry};
use crate::store::entries::FillFrom;

/// The approximate size of an entry without its body: names, ids, times and their JSON keys, in bytes.
const ENTRY_OVERHEAD_BYTES: usize = 200;

/// Truncates ascending entries to `limit` and about `bytes`, keeping at least one, and the end that the
/// page is filled from. Returns whether it dropped any.
pub(crate) fn truncate(
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
    let mut left = bytes;
    let mut kept = 0;
    for entry in entries.take(limit) {
        let size = ENTRY_OVERHEAD_BYTES + body_len(entry);
        if kept > 0 && size > left {
            break;
        }
        left = left.saturating_sub(size);
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
