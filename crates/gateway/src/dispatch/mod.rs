//! Carries commands out: a stack of tower layers around the service that asks the other crates.
//!
//! From the outside in: trace, catch-panic, time-out, rate limit, load-shed, [`CommandService`]. Every
//! command gets exactly one reply or error within `reply_within`.

mod call;
mod layers;
mod service;

pub use call::Call;
pub(crate) use call::{command_span, note_outcome};
use service::CommandService;

use crate::commands::{Body, CommandReply, Ops};
use crate::shared::Shared;
use crate::wire::{Error, INTERNAL, OUTCOME_UNKNOWN, OVERLOADED, UNKNOWN_OP};
use bus::TraceId;
use layers::{CatchPanic, RateLimit, Trace};
use std::sync::Arc;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt as _};

/// Dispatches every command to the crate that answers it. A cheap handle.
#[derive(Clone)]
pub struct Dispatcher {
    ops: Arc<Ops>,
    stack: BoxCloneSyncService<Call, CommandReply, BoxError>,
    echoes: bool,
}

impl Dispatcher {
    pub(crate) fn new(shared: &Arc<Shared>, ops: Arc<Ops>) -> Self {
        let limits = &shared.limits;
        let stack = ServiceBuilder::new()
            .layer_fn(Trace::new)
            .layer_fn(CatchPanic::new)
            .timeout(limits.reply_within)
            .layer_fn(|inner| RateLimit::new(inner, limits))
            .load_shed()
            .concurrency_limit(limits.commands_at_once)
            .service(CommandService::new(shared));
        Self {
            ops,
            stack: BoxCloneSyncService::new(stack),
            echoes: false,
        }
    }

    /// Makes sockets send messages back instead of reading them as commands.
    pub(crate) fn echoing(self) -> Self {
        Self {
            echoes: true,
            ..self
        }
    }

    /// Returns whether sockets send messages back instead of reading them as commands.
    pub(crate) fn echoes(&self) -> bool {
        self.echoes
    }

    /// The commands that clients may send.
    pub(crate) fn ops(&self) -> &Ops {
        &self.ops
    }

    /// Carries out a command that came over HTTP.
    pub async fn call(&self, call: Call) -> Result<Body, Error> {
        let span = call.span.clone();
        let answered = self.answer(call).await.and_then(|answer| match answer {
            CommandReply::Body(body) => Ok(body),
            // The commands with these replies are refused without a socket.
            CommandReply::Sent
            | CommandReply::CatchUp(..)
            | CommandReply::Authenticated(_)
            | CommandReply::ThenClose(..) => Err(Error::new(&UNKNOWN_OP)),
        });
        note_outcome(&span, answered.as_ref().err());
        answered
    }

    /// Carries out a command.
    pub(crate) async fn answer(&self, call: Call) -> Result<CommandReply, Error> {
        let (trace, ordered) = (call.trace, call.command.op().lane.writes());
        let answer = self.stack.clone().oneshot(call).await;
        answer.map_err(|error| refusal(error, ordered, trace))
    }
}

/// Turns an error of the stack into one for the client.
fn refusal(error: BoxError, ordered: bool, trace: TraceId) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(other) if other.is::<tower::load_shed::error::Overloaded>() => Error::new(&OVERLOADED),
        Err(other) if other.is::<tower::timeout::error::Elapsed>() && ordered => {
            Error::new(&OUTCOME_UNKNOWN)
        }
        Err(other) if other.is::<tower::timeout::error::Elapsed>() => Error::new(&OVERLOADED),
        Err(_) => Error::new(&INTERNAL),
    };
    error.traced(trace)
}
