//! `search`: finds messages.

use crate::document::lowest_id;
use crate::index::Lookup;
use crate::query::Query;
use crate::reader::PageReader;
use crate::shapes::Found;
use extension::{Asked, Command, Cost, Cx, Declined, Respond};
use rooms::api::{ReadableRooms, RoomKey};
use serde::Deserialize;

/// The default and the greatest number of messages on a page.
const LIMIT: usize = 20;
const LIMIT_MAX: usize = 50;

/// `search`: finds messages by their words.
#[derive(Debug, Deserialize)]
pub(crate) struct Search {
    query: String,
    room: Option<String>,
    from: Option<String>,
    /// In ms since 1970, as `after`.
    before: Option<i64>,
    after: Option<i64>,
    has: Option<Has>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What a message must have besides its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Has {
    /// An address that begins with `http://` or `https://`.
    Link,
}

impl Command for Search {
    const NAME: &'static str = "search";
    const COST: Cost = Cost::Page;
    type Answer = Found;
}

/// Answers `search` from the index, with texts and rights as core has them.
pub(crate) struct Searcher;

impl Respond<Search> for Searcher {
    async fn respond(&self, asked: Asked<Search>, cx: &Cx) -> Result<Found, Declined> {
        let (search, caller) = (asked.command, asked.caller);
        let query = Query::parse(&search.query).map_err(|why| Declined::BadText {
            field: "query".into(),
            why: why.into(),
        })?;
        let before = search.before.map_or(i64::MAX, lowest_id);
        let below = search
            .cursor
            .as_deref()
            .map_or(Ok(before), cursor)?
            .min(before);
        let readable = cx.ask(ReadableRooms {
            caller: caller.clone(),
            room: search.room.map(|room| RoomKey(room.into())),
            author: search.from,
        });
        let readable = readable.await?;
        let lookup = Lookup {
            query,
            rooms: readable.rooms.iter().map(|one| one.room.id).collect(),
            author: readable.author,
            with_link: search.has == Some(Has::Link),
            below,
            // Whole milliseconds after it.
            from: search
                .after
                .map_or(0, |after| lowest_id(after.saturating_add(1))),
        };
        let limit = search.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
        PageReader::new(cx, caller, &readable.rooms, limit)
            .read(lookup)
            .await
    }
}

fn cursor(text: &str) -> Result<i64, Declined> {
    let wrong = || Declined::field("cursor", "must be the `next` of another page");
    text.parse().ok().filter(|id| *id >= 0).ok_or_else(wrong)
}
