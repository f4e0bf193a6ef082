//! What `room.create` and `room.update` have in common: the words for kinds and histories, and the reply.

use crate::commands::op::CommandReply;
use crate::wire::{CardShape, Error, Fields};
use rooms::api::{Created, History, Kind};
use serde_json::json;

const KINDS: &[(&str, Kind)] = &[("public", Kind::Public), ("private", Kind::Private)];
const HISTORIES: &[(&str, History)] = &[("all", History::All), ("since_join", History::SinceJoin)];

pub(in crate::commands) fn kind(d: &Fields<'_>) -> Result<Option<Kind>, Error> {
    d.optional_word("kind", KINDS, "must be public or private")
}

pub(in crate::commands) fn history(d: &Fields<'_>) -> Result<Option<History>, Error> {
    d.optional_word("history", HISTORIES, "must be all or since_join")
}

pub(in crate::commands) fn reply(created: &Created) -> CommandReply {
    CommandReply::of(&json!({
        "card": CardShape::from(&created.card),
        "seq": created.done.seq,
        "dup": created.done.dup,
    }))
}
