//! A command on its way, and the answer.

use crate::connection::Conn;
use crate::rate_limit::Bucket;
use crate::wire::{Command, Error};
use bus::TraceId;
use bytes::Bytes;
use sessions::api::Caller;
use std::sync::Arc;
use tracing::Span;
use tracing::field::Empty;

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
    /// The same for whoever looks: [`command_span`].
    pub(crate) span: Span,
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
            span: command_span(&command, trace),
            command,
            trace,
            bucket,
        }
    }
}

/// The span of one command, from where it was read to its reply.
pub(crate) fn command_span(command: &Command, trace: TraceId) -> Span {
    let op = command.op().name;
    tracing::debug_span!("command", op, %trace, outcome = Empty, code = Empty)
}

/// Notes in a command's span what came of it.
pub(crate) fn note_outcome(span: &Span, error: Option<&Error>) {
    if span.is_disabled() {
        return;
    }
    let (outcome, code) = error.map_or(("ok", 200), |error| (error.kind.name, error.kind.code));
    span.record("outcome", outcome)
        .record("code", i64::from(code));
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
