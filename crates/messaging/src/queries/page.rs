//! Messages with their edits, deletions and reactions applied.

use crate::api::{Message, Reaction};
use crate::store::reactions;
use crate::store::states::{self, MessageState};
use rooms::api::log::{self, Window};
use rooms::api::{Change, Entry, RoomId, Seq};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::prelude::*;

/// A room as one reader sees it.
pub(super) struct View {
    pub(super) room: RoomId,
    pub(super) visible_from: Seq,
    pub(super) viewer: UserId,
}

/// Messages in ascending order, and whether there are more in the direction read.
pub(super) struct Page {
    pub(super) messages: Vec<Message>,
    pub(super) more: bool,
}

/// Reads a page in one direction: the log first, then each table once.
pub(super) async fn read(
    access: &mut impl Access,
    view: &View,
    window: Window,
    limit: usize,
    bytes: usize,
) -> Result<Page, Fault> {
    let View {
        room,
        visible_from,
        viewer,
    } = *view;
    let (entries, more) = log::messages(access, room, visible_from, window, limit, bytes).await?;
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        let messages = Vec::new();
        return Ok(Page { messages, more });
    };
    let range = (first.seq, last.seq);
    let states = states::of_all(access, room, range).await?;
    let edits = edits(access, room, &states).await?;
    let mut reactions = reactions::of_all(access, room, range, viewer).await?;
    let messages = entries
        .into_iter()
        .filter_map(|entry| {
            let edit = edits.get(&entry.seq);
            let reactions = reactions.remove(&entry.seq).unwrap_or_default();
            message(entry, edit, reactions)
        })
        .collect();
    let mut page = Page { messages, more };
    page.truncate(window, bytes);
    Ok(page)
}

/// Returns the last edit of each undeleted message, by the message's seq.
async fn edits(
    access: &mut impl Access,
    room: RoomId,
    states: &HashMap<Seq, MessageState>,
) -> Result<HashMap<Seq, Entry>, Fault> {
    let undeleted = states.values().filter(|state| state.deleted_seq.is_none());
    let seqs: Vec<Seq> = undeleted.filter_map(|state| state.edited_seq).collect();
    if seqs.is_empty() {
        return Ok(HashMap::new());
    }
    let entries = log::entries(access, room, &seqs).await?;
    Ok(entries
        .into_iter()
        .filter_map(|entry| target(&entry).map(|seq| (seq, entry)))
        .collect())
}

fn target(entry: &Entry) -> Option<Seq> {
    match entry.change {
        Change::Edited { target, .. } => Some(target),
        _ => None,
    }
}

fn message(entry: Entry, edit: Option<&Entry>, reactions: Vec<Reaction>) -> Option<Message> {
    let id = entry.id();
    let Change::Message {
        cid,
        body,
        reply_to,
        mentions,
    } = entry.change
    else {
        return None;
    };
    Some(Message {
        seq: entry.seq,
        id,
        author: entry.author,
        at: entry.at,
        cid,
        body: edit.map_or(body, edited_body),
        edited_at: edit.map(|edit| edit.at),
        edited_seq: edit.map(|edit| edit.seq),
        reply_to,
        mentions,
        reactions,
    })
}

fn edited_body(edit: &Entry) -> Option<String> {
    match &edit.change {
        Change::Edited { body, .. } => body.clone(),
        _ => None,
    }
}

impl Page {
    /// Truncates the page to `bytes`, since edits may have made bodies longer than those that the log
    /// counted. Drops the messages furthest from the anchor, but keeps at least one.
    fn truncate(&mut self, window: Window, bytes: usize) {
        let sizes = self.messages.iter().map(size);
        match window {
            Window::After(_) => {
                let kept = count_fitting(sizes, bytes);
                self.more |= kept < self.messages.len();
                self.messages.truncate(kept);
            }
            Window::Newest | Window::Before(_) => {
                let cut = self.messages.len() - count_fitting(sizes.rev(), bytes);
                self.more |= cut > 0;
                self.messages.drain(..cut);
            }
        }
    }
}

fn size(message: &Message) -> usize {
    message.body.as_ref().map_or(0, String::len)
}

/// Returns how many of these sizes, from the first on, fit into `bytes`; at least one if there is any.
fn count_fitting(sizes: impl Iterator<Item = usize>, bytes: usize) -> usize {
    let mut sum = 0;
    let fits = |size: &usize| {
        sum += size;
        sum <= bytes
    };
    let mut sizes = sizes.peekable();
    let least = usize::from(sizes.peek().is_some());
    sizes.take_while(fits).count().max(least)
}
