//! The innermost service of the stack: routes each command to the crate that answers it.

use super::{Body, BusClient, Call, CommandReply};
use crate::connection::Conn;
use crate::shared::Shared;
use crate::wire::{Command, Error, Time, UNAUTHENTICATED, UNKNOWN_OP};
use futures_util::future::BoxFuture;
use serde_json::json;
use sessions::api::Caller;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{BoxError, Service};

/// Carries out commands.
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

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let bus = BusClient::new(&self.shared, call.trace);
        Box::pin(async move { Ok(execute(&bus, call).await?) })
    }
}

async fn execute(bus: &BusClient, call: Call) -> Result<CommandReply, Error> {
    let Call {
        caller,
        conn,
        id,
        command,
        ..
    } = call;
    let command = match command {
        Command::Ping => {
            return Ok(CommandReply::Body(Body::of(
                &json!({ "time": Time::now() }),
            )));
        }
        Command::Hello(hello) => {
            let conn = socket(conn)?;
            return super::hello::hello(bus, caller, conn, id, *hello).await;
        }
        command => command,
    };
    let caller = caller.ok_or(Error::new(&UNAUTHENTICATED))?;
    match command {
        Command::Join { room, after, limit } => {
            let join = super::join::JoinParams { room, after, limit };
            super::join::join(bus, caller, socket(conn)?, id, join).await
        }
        Command::Leave { room } => super::join::leave(bus, caller, socket(conn)?, id, room).await,
        Command::Typing { room, on } => {
            super::join::typing(bus, caller, socket(conn)?, room, on).await
        }
        Command::Logout => super::hello::logout(bus, caller, conn).await,
        // To revoke one's own session is to log out: only then the reply precedes the close frame.
        Command::RevokeSession { session } if session == caller.session.to_string() => {
            super::hello::logout(bus, caller, conn).await
        }
        command => execute_simple(bus, caller, conn, command)
            .await
            .map(CommandReply::Body),
    }
}

/// Carries out a command that is a single request to one crate.
async fn execute_simple(
    bus: &BusClient,
    caller: Caller,
    conn: Option<Arc<Conn>>,
    command: Command,
) -> Result<Body, Error> {
    match command {
        Command::Log { .. }
        | Command::History { .. }
        | Command::Members { .. }
        | Command::Presence { .. }
        | Command::Rooms { .. }
        | Command::Sessions { .. } => super::read::read(bus, caller, command).await,
        Command::CreateRoom { .. }
        | Command::UpdateRoom { .. }
        | Command::Direct { .. }
        | Command::Moderate { .. } => super::moderate::manage_room(bus, caller, command).await,
        write => super::write::write(bus, caller, conn.map(|conn| conn.id), write).await,
    }
}

/// Returns the socket, or `unknown_op` over HTTP: some commands need a socket.
fn socket(conn: Option<Arc<Conn>>) -> Result<Arc<Conn>, Error> {
    conn.ok_or(Error::new(&UNKNOWN_OP))
}
