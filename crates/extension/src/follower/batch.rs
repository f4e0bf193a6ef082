//! What was read and is not carried out yet.
//!
//! A batch is bounded in entries, steps and bytes, and becomes smaller whenever carrying one out has
//! failed, down to a single entry: whatever was too much for one transaction or one call gets through
//! in parts, and an entry that fails for ever is the only one that its error names.

use super::jobs::Step;
use super::{Followed, Page};
use rooms::api::{Change, Entry, Seq};

/// The most entries per page, and entries per batch; a step without entries counts as one.
const PAGE_ENTRIES: usize = 500;
const BATCH_ENTRIES: usize = 2_000;

/// The approximate size of the texts in one batch.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The approximate size of an entry without its text, in bytes.
const ENTRY_BYTES: usize = 300;

/// Steps that are carried out together.
pub(crate) struct Batch {
    steps: Vec<Step>,
    /// Entries and steps without entries.
    size: usize,
    bytes: usize,
    /// The size from which on it is carried out.
    size_max: usize,
    /// The same as it was for the batch that was attempted last.
    attempted_max: usize,
}

/// How much a batch was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BatchFigures {
    /// How many entries it has.
    pub(crate) entries: usize,
    /// How far the cursors of all rooms move, counting entries that are gone.
    pub(crate) advance: Seq,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            steps: Vec::new(),
            size: 0,
            bytes: 0,
            size_max: BATCH_ENTRIES,
            attempted_max: BATCH_ENTRIES,
        }
    }

    /// Returns how many entries the next page may have.
    pub(crate) fn page_max(&self) -> usize {
        self.size_max.min(PAGE_ENTRIES)
    }

    pub(crate) fn add(&mut self, step: Step) {
        if let Step::Page(page) = &step {
            self.size += page.entries.len().max(1);
            self.bytes += page.entries.iter().map(|one| size(one)).sum::<usize>();
        } else {
            self.size += 1;
        }
        self.steps.push(step);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.size >= self.size_max || self.bytes >= BATCH_BYTES
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.steps.iter().filter_map(|step| match step {
            Step::Page(page) => Some(page),
            Step::Forgotten { .. } => None,
        })
    }

    pub(crate) fn figures(&self) -> BatchFigures {
        BatchFigures {
            entries: self.pages().map(|page| page.entries.len()).sum(),
            advance: self.pages().map(|page| page.to - page.from).sum(),
        }
    }

    /// Takes all steps out.
    pub(crate) fn take(&mut self) -> Vec<Step> {
        (self.size, self.bytes) = (0, 0);
        std::mem::take(&mut self.steps)
    }

    /// Makes the next batches smaller than this one, for the case that it fails, in whatever way.
    pub(crate) fn attempted(&mut self) {
        self.attempted_max = self.size_max;
        self.size_max = (self.size.min(self.size_max) / 4).max(1);
    }

    /// Lets the next batches be larger than the one that was attempted could be.
    pub(crate) fn succeeded(&mut self) {
        self.size_max = (self.attempted_max * 2).min(BATCH_ENTRIES);
    }
}

/// Returns the approximate size of an entry in memory, in bytes.
pub(crate) fn size(entry: &Entry) -> usize {
    let text = match &entry.change {
        Change::Message { body, .. } | Change::Edited { body, .. } => body.as_deref(),
        Change::Room { topic, .. } => Some(topic.as_str()),
        _ => None,
    };
    ENTRY_BYTES + text.map_or(0, str::len)
}

/// Splits consecutive entries into parts of at most `max`.
pub(crate) fn parts(entries: Vec<Followed>, max: usize) -> impl Iterator<Item = Vec<Followed>> {
    let mut entries = entries.into_iter();
    std::iter::from_fn(move || {
        let part: Vec<_> = entries.by_ref().take(max).collect();
        (!part.is_empty()).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follower::inbox::fixture::{room, said};
    use rooms::api::Kind;
    use std::sync::Arc;

    fn page(from: Seq, to: Seq) -> Step {
        let entries = (from + 1..=to).map(|seq| Followed {
            entry: said(1, seq),
            heard_at: None,
        });
        Step::Page(Page {
            room: room(1, Kind::Public),
            entries: entries.collect(),
            from,
            to,
        })
    }

    fn forgotten(kept_from: Seq) -> Step {
        Step::Forgotten {
            room: room(1, Kind::Public),
            from: 0,
            kept_from,
        }
    }

    #[test]
    fn a_batch_is_full_by_entries_and_by_steps_without_entries() {
        let mut batch = Batch::new();
        for part in 0..3 {
            batch.add(page(part * 500, part * 500 + 500));
        }
        assert!(!batch.is_full());
        (0..500).for_each(|kept| batch.add(forgotten(kept)));
        assert!(batch.is_full());
        let figures = batch.figures();
        assert_eq!((figures.entries, figures.advance), (1_500, 1_500));
        assert_eq!(batch.take().len(), 503);
        assert!(batch.is_empty() && !batch.is_full());
    }

    #[test]
    fn a_batch_is_full_by_the_size_of_its_texts() {
        let mut batch = Batch::new();
        let Step::Page(mut long) = page(0, 1) else {
            unreachable!()
        };
        let entry = Arc::make_mut(&mut long.entries[0].entry);
        if let Change::Message { body, .. } = &mut entry.change {
            *body = Some("x".repeat(BATCH_BYTES));
        }
        batch.add(Step::Page(long));
        assert!(batch.is_full());
    }

    #[test]
    fn batches_shrink_to_one_entry_and_grow_back() {
        let mut batch = Batch::new();
        batch.add(page(0, 40));
        batch.attempted();
        assert_eq!(batch.page_max(), 10, "smaller than what has failed");
        (0..3).for_each(|_| batch.attempted());
        assert_eq!(batch.page_max(), 1);
        batch.take();
        batch.add(page(0, 1));
        assert!(batch.is_full());
        for _ in 0..11 {
            batch.attempted();
            batch.succeeded();
        }
        assert_eq!(batch.page_max(), PAGE_ENTRIES);
        assert!(!batch.is_full());
    }

    #[test]
    fn parts_leave_nothing_out() {
        let Step::Page(all) = page(0, 7) else {
            unreachable!()
        };
        let parts: Vec<Vec<Seq>> = parts(all.entries, 3)
            .map(|part| part.iter().map(|one| one.seq).collect())
            .collect();
        assert_eq!(parts, [vec![1, 2, 3], vec![4, 5, 6], vec![7]]);
    }
}
