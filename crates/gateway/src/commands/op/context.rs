//! Who sent a command and how, and the requests that it makes.

use super::BusClient;
use crate::Limits;
use crate::connection::Conn;
use crate::shared::Shared;
use crate::wire::{Error, UNAUTHENTICATED, UNKNOWN_OP};
use bus::Request;
use sessions::api::Caller;
use std::sync::Arc;

/// What a command runs with.
pub(crate) struct Context {
    pub(crate) bus: BusClient,
    /// `None` before `hello`.
    pub(crate) caller: Option<Caller>,
    /// `None` over HTTP.
    pub(crate) conn: Option<Arc<Conn>>,
    /// The number that the reply carries; 0 over HTTP.
    pub(crate) id: u64,
}

impl Context {
    /// Returns who sent the command.
    pub(in crate::commands) fn caller(&self) -> Result<Caller, Error> {
        self.caller.clone().ok_or(Error::new(&UNAUTHENTICATED))
    }

    /// Returns the connection of a command that makes sense on a socket only.
    pub(in crate::commands) fn socket(&self) -> Result<Arc<Conn>, Error> {
        self.conn.clone().ok_or(Error::new(&UNKNOWN_OP))
    }

    pub(in crate::commands) fn limits(&self) -> &Limits {
        &self.bus.shared.limits
    }

    pub(in crate::commands) fn shared(&self) -> &Shared {
        &self.bus.shared
    }

    /// Makes a request that may be refused.
    pub(in crate::commands) async fn ask<R, T, F>(&self, request: R) -> Result<T, Error>
    where
        R: Request<Answer = Result<T, F>>,
        Error: From<F>,
    {
        self.bus.ask(request).await
    }

    /// Makes a request whose answer is never a refusal.
    pub(in crate::commands) async fn ask_infallible<R: Request>(
        &self,
        request: R,
    ) -> Result<R::Answer, Error> {
        self.bus.ask_infallible(request).await
    }
}
