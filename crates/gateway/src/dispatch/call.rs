//! A command on its way through the stack.

use crate::commands::Command;
use crate::connection::Conn;
use crate::rate_limit::Bucket;
use crate::wire::Error;
use bus::TraceId;
use sessions::api::Caller;
use std::sync::Arc;
use tracing::Span;
use tracing::field::Empty;

/// One command of one caller.
pub struct Call {
    /// The user and session that sent it; `None` before `hello`.
    pub(crate) caller: Option<Caller>,
    /// The socket it came through; `None` over HTTP.
    pub(crate) conn: Option<Arc<Conn>>,
    /// The client's id for the reply; 0 over HTTP.
    pub(crate) id: u64,
    pub(crate) command: Command,
    /// The trace of the command, from its frame to the last event.
    pub(crate) trace: TraceId,
    /// Made by [`command_span`]; current while the command runs.
    pub(crate) span: Span,
    /// The bucket that the command is charged to.
    pub(crate) bucket: Arc<Bucket>,
}

impl Call {
    /// A command that came over HTTP.
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

/// Makes the span of a command, from its reading to its reply.
pub(crate) fn command_span(command: &Command, trace: TraceId) -> Span {
    let op = command.op().name;
    tracing::debug_span!("command", op, %trace, outcome = Empty, code = Empty)
}

/// Records the outcome of a command in its span.
pub(crate) fn note_outcome(span: &Span, error: Option<&Error>) {
    if span.is_disabled() {
        return;
    }
    let (outcome, code) = error.map_or(("ok", 200), |error| (error.kind.name, error.kind.code));
    span.record("outcome", outcome)
        .record("code", i64::from(code));
}
