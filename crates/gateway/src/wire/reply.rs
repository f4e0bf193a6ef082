//! Replies: `{"id","ok"}` and `{"id","err"}`.

use super::error::Error;
use crate::connection::Frame;
use serde::Serialize;

/// Returns the `ok` reply with an encoded body.
pub(crate) fn ok(id: u64, body: &[u8]) -> Frame {
    Frame::text(&[format!("{{\"id\":{id},\"ok\":").as_bytes(), body, b"}"])
}

/// Returns the `err` reply; `id` is null if the frame's id could not be read.
pub(crate) fn err(id: Option<u64>, error: &Error) -> Frame {
    #[derive(Serialize)]
    struct Reply<'a> {
        id: Option<u64>,
        err: &'a Error,
    }
    Frame::json(&Reply { id, err: error })
}
