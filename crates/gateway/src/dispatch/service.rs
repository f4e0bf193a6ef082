//! The innermost service of the stack: runs each command.

use super::Call;
use crate::commands::{BusClient, CommandReply, Context};
use crate::shared::Shared;
use crate::wire::{Error, UNAUTHENTICATED};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::task::{self, Poll};
use tower::{BoxError, Service};

/// Runs commands that have passed all layers.
#[derive(Clone)]
pub(crate) struct CommandService {
    shared: Arc<Shared>,
}

impl CommandService {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }
}

impl Service<Call> for CommandService {
    type Response = CommandReply;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<CommandReply, BoxError>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let context = Context {
            bus: BusClient::new(&self.shared, call.trace),
            caller: call.caller,
            conn: call.conn,
            id: call.id,
        };
        let command = call.command;
        if command.op().needs_hello && context.caller.is_none() {
            let error = Error::new(&UNAUTHENTICATED);
            return Box::pin(std::future::ready(Err(error.into())));
        }
        let reply = command.run(context);
        Box::pin(async move { Ok(reply.await?) })
    }
}
