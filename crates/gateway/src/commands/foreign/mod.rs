//! Commands that are carried out outside the gateway: what it asks of them, and of their names.
//!
//! The gateway gives them what its own have: fields read before anything is charged, the limits of the
//! user, the layers of the dispatcher, metrics and spans by name, a place in the order of the connection,
//! a path over HTTP. It never learns what they do.

mod name;
mod refusal;
#[cfg(test)]
mod sample;

pub(super) use name::extension_of;
pub(crate) use name::{extension_in, is_name_part, reserved_path};
pub use refusal::ForeignRefusal;
#[cfg(test)]
pub(crate) use sample::{sample, sample_ops};

use crate::rate_limit::Cost;
use crate::wire::Error;
use bus::TraceId;
use futures_util::future::BoxFuture;
use rooms::api::RoomKey;
use serde_json::value::RawValue;
use sessions::api::Caller;
use std::fmt;
use std::time::Duration;

/// Reads a command from what the client sent; it must neither wait nor look anything up.
pub type ReadForeign =
    dyn Fn(ForeignInput<'_>) -> Result<Box<dyn ForeignCall>, InvalidField> + Send + Sync;

/// A command that is carried out outside the gateway.
pub struct ForeignOp {
    /// `x.NAME.COMMAND`, with the name of the extension, or a name that `docs/protocol.md` reserves, such as
    /// `search`.
    pub name: &'static str,
    /// Whether it may change something. Such commands of one extension are carried out one after another on
    /// each connection, and a time-out leaves their outcome open. The others run beside everything.
    pub writes: bool,
    /// How many points it costs the user.
    pub cost: Cost,
    /// Reads it from what the client sent.
    pub read: Box<ReadForeign>,
}

impl fmt::Debug for ForeignOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ForeignOp").field(&self.name).finish()
    }
}

/// What a client sent.
#[derive(Debug, Clone, Copy)]
pub enum ForeignInput<'a> {
    /// The `d` of a frame, or a request's body: always an object, `None` if absent or null.
    Json(Option<&'a RawValue>),
    /// The query of a URL, percent-encoded, without its question mark; empty if absent.
    Query(&'a str),
}

/// A field that is missing or wrong. The client gets both texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// The name of the field.
    pub field: String,
    /// What the field must be, as in `must be text`.
    pub expected: String,
}

impl From<InvalidField> for Error {
    fn from(InvalidField { field, expected }: InvalidField) -> Self {
        ForeignRefusal::BadRequest { field, expected }.into()
    }
}

/// A command whose fields have been read.
pub trait ForeignCall: Send {
    /// The room whose commands it is ordered with.
    fn room(&self) -> Option<&RoomKey>;

    /// Carries it out within this time and returns the `ok` of the reply. If the time of the reply is over,
    /// the future is dropped.
    fn call(
        self: Box<Self>,
        caller: Caller,
        trace: TraceId,
        within: Duration,
    ) -> BoxFuture<'static, Result<Box<RawValue>, ForeignRefusal>>;
}
