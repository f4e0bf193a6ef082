//! `history`: a page of messages.

use super::page::{self, Page, View};
use crate::api::{Anchor, HistoryPage, ReadHistory, Refusal};
use rooms::api::log::{self, Window};
use rooms::api::{Floor, Seq};
use storage::prelude::*;

/// A page, and the room's floor in the same snapshot.
type PageAndFloor = (HistoryPage, Floor);

/// Reads one page of a room's messages, with all edits and reactions applied.
pub(super) async fn page(
    access: &mut impl Access,
    request: ReadHistory,
) -> Result<Result<PageAndFloor, Refusal>, Fault> {
    let viewer = request.caller.user.id;
    let standing = match log::standing(access, &request.room, viewer).await? {
        Ok(standing) => standing,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let seen = Floor {
        head: standing.head,
        visible_from: standing.visible_from,
    };
    let view = View {
        room: standing.room.id,
        visible_from: standing.visible_from,
        viewer,
    };
    let (limit, bytes) = (request.limit.max(1), request.bytes);
    let page = match request.anchor {
        Anchor::Newest => page::read(access, &view, Window::Newest, limit, bytes).await?,
        Anchor::Before(seq) => page::read(access, &view, Window::Before(seq), limit, bytes).await?,
        Anchor::After(seq) => page::read(access, &view, Window::After(seq), limit, bytes).await?,
        Anchor::Around(seq) => around(access, &view, seq, limit, bytes).await?,
    };
    let page = HistoryPage {
        messages: page.messages,
        more: page.more,
        head: seen.head,
    };
    Ok(Ok((page, seen)))
}

/// Returns whether a page from a replica is at least as recent as the primary's floor.
pub(super) fn is_recent(found: &Result<PageAndFloor, Refusal>, floor: &Floor) -> bool {
    found
        .as_ref()
        .is_ok_and(|(_, seen)| floor.is_reached_by(seen))
}

/// Reads half of the page below the anchor and the rest from the anchor on. If there are fewer below, the
/// page has more from the anchor on.
async fn around(
    access: &mut impl Access,
    view: &View,
    anchor: Seq,
    limit: usize,
    bytes: usize,
) -> Result<Page, Fault> {
    let half = limit / 2;
    let below = Window::Before(anchor);
    let mut page = page::read(access, view, below, half.max(1), bytes / 2).await?;
    if page.messages.len() > half {
        page.messages.clear();
        page.more = true;
    }
    let rest = limit - page.messages.len();
    let from = Window::After(anchor.saturating_sub(1));
    let newer = page::read(access, view, from, rest, bytes - bytes / 2).await?;
    page.messages.extend(newer.messages);
    page.more |= newer.more;
    Ok(page)
}
