//! Replies: `{"id","ok"}` and `{"id","err"}`.

use super::error::Error;
use crate::connection::Frame;
use serde::Serialize;

/// The good reply, around a body that is encoded already.
pub(crate) fn ok(id: u64, body: &[u8]) -> Frame {
    Frame::text(&[format!("{{\"id\":{id},\"ok\":").as_bytes(), body, b"}"])
}

/// The other one; without an id when none could be read.
pub(crate) fn err(id: Option<u64>, error: &Error) -> Frame {
    #[derive(Serialize)]
    struct Reply<'a> {
        id: Option<u64>,
        err: &'a Error,
    }
    Frame::json(&Reply { id, err: error })
}
