//! A command on its way, and the answer.

use super::Bucket;
use crate::socket::Conn;
use crate::wire::Command;
use bus::TraceId;
use bytes::Bytes;
use sessions::api::Caller;
use std::sync::Arc;

/// One command of one caller.
pub struct Call {
    /// Who asks; `None` before `hello`.
    pub(crate) caller: Option<Caller>,
    /// The socket it came through; `None` over HTTP.
    pub(crate) conn: Option<Arc<Conn>>,
    /// The number its reply will carry; 0 over HTTP.
    pub(crate) id: u64,
    /// What.
    pub(crate) command: Command,
    /// The trace it runs under, from the frame to the last event.
    pub(crate) trace: TraceId,
    /// What it is paid from.
    pub(crate) bucket: Arc<Bucket>,
}

impl Call {
    /// One that came over HTTP.
    #[must_use]
    pub fn http(caller: Caller, command: Command, trace: TraceId, bucket: Arc<Bucket>) -> Self {
        Self {
            caller: Some(caller),
            conn: None,
            id: 0,
            command,
            trace,
            bucket,
        }
    }
}

/// The `ok` object of an answer, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(pub Bytes);

impl Body {
    /// This value's JSON.
    #[must_use]
    pub fn of(value: &impl serde::Serialize) -> Self {
        Self(
            serde_json::to_vec(value)
                .expect("our own shapes are JSON")
                .into(),
        )
    }
}
