//! The service at the heart of the stack: which command is asked of whom.

use super::{Answer, Asker, Body, Call};
use crate::connection::Conn;
use crate::shared::Shared;
use crate::wire::{Command, Error, Time, UNAUTHENTICATED, UNKNOWN_OP};
use futures_util::future::BoxFuture;
use serde_json::json;
use sessions::api::Caller;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{BoxError, Service};

/// Carries commands out.
#[derive(Clone)]
pub(crate) struct Carry {
    shared: Arc<Shared>,
}

impl Carry {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }
}

impl Service<Call> for Carry {
    type Response = Answer;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Answer, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let asker = Asker::new(&self.shared, call.trace);
        Box::pin(async move { Ok(carry_out(&asker, call).await?) })
    }
}

async fn carry_out(asker: &Asker, call: Call) -> Result<Answer, Error> {
    let Call {
        caller,
        conn,
        id,
        command,
        ..
    } = call;
    let command = match command {
        Command::Ping => return Ok(Answer::Body(Body::of(&json!({ "time": Time::now() })))),
        Command::Hello(hello) => {
            let conn = socket(conn)?;
            return super::hello::hello(asker, caller, conn, id, *hello).await;
        }
        command => command,
    };
    let caller = caller.ok_or(Error::new(&UNAUTHENTICATED))?;
    match command {
        Command::Join { room, after, limit } => {
            let join = super::stay::Join { room, after, limit };
            super::stay::join(asker, caller, socket(conn)?, id, join).await
        }
        Command::Leave { room } => super::stay::leave(asker, caller, socket(conn)?, id, room).await,
        Command::Typing { room, on } => {
            super::stay::typing(asker, caller, socket(conn)?, room, on).await
        }
        Command::Logout => super::hello::logout(asker, caller, conn).await,
        // To revoke the session that asks is to log out: only so its reply goes before its close.
        Command::RevokeSession { session } if session == caller.session.to_string() => {
            super::hello::logout(asker, caller, conn).await
        }
        command => plain(asker, caller, conn, command).await.map(Answer::Body),
    }
}

/// Commands that are one question to one crate.
async fn plain(
    asker: &Asker,
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
        | Command::Sessions { .. } => super::read::read(asker, caller, command).await,
        Command::CreateRoom { .. }
        | Command::UpdateRoom { .. }
        | Command::Direct { .. }
        | Command::Moderate { .. } => super::moderate::govern(asker, caller, command).await,
        spoken => super::write::write(asker, caller, conn.map(|conn| conn.id), spoken).await,
    }
}

/// Some commands make sense on a socket only.
fn socket(conn: Option<Arc<Conn>>) -> Result<Arc<Conn>, Error> {
    conn.ok_or(Error::new(&UNKNOWN_OP))
}
