//! Commands: what a client asks an extension for, and who may.

use crate::{Cx, Declined};
use bus::Request;
use rooms::api::{Role, log::Standing};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sessions::api::Caller;
use std::future::Future;

/// What a client asks for: the fields of an op on the wire.
///
/// A command that [`NAME`](Self::NAME) calls `karma.top` is the op `x.karma.top`, and `GET` or
/// `POST /api/v1/x/karma/top` over HTTP.
pub trait Command: DeserializeOwned + Send + Sync + 'static {
    /// `EXTENSION.VERB`, such as `karma.top`; or a name that the protocol keeps for an extension of
    /// this repository, such as `search`.
    const NAME: &'static str;
    /// What the client gets.
    type Answer: Serialize + Send + 'static;
    /// What it costs the client.
    const COST: Cost = Cost::Other;

    /// The room that it is about: its commands are answered in order, and the rights of the caller
    /// in it are looked up.
    fn room(&self) -> Option<&str> {
        None
    }
}

/// How many of a client's points a command costs; `docs/configuration.md` says how many each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Like most commands.
    Other,
    /// Like a page of history.
    Page,
    /// Like a message.
    Send,
}

/// Who may send a command. Each includes those after it, as far as they are in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Everyone who has said `hello`, guests too.
    Anyone,
    /// Everyone with an account.
    Account,
    /// Members of the command's room.
    Member,
    /// Moderators and owners of the command's room.
    Moderator,
    /// Administrators of the server.
    Administrator,
}

impl Rights {
    /// Whether they are rights in a room.
    pub(crate) fn are_in_a_room(self) -> bool {
        matches!(self, Self::Member | Self::Moderator)
    }

    /// Refuses a caller without these rights; `standing` is the caller's in the command's room.
    pub(crate) fn check(
        self,
        caller: &Caller,
        standing: Option<&Standing>,
    ) -> Result<(), Declined> {
        match self {
            Self::Account if caller.user.guest => Err(Declined::NotAllowedForGuests),
            Self::Anyone | Self::Account => Ok(()),
            Self::Administrator if caller.admin => Ok(()),
            Self::Administrator => Err(Declined::Forbidden(Some(
                "Only administrators of this server may do that.".into(),
            ))),
            Self::Member | Self::Moderator => match standing {
                None => Err(Declined::NotMember),
                Some(standing) if self == Self::Moderator && standing.role < Role::Moderator => {
                    Err(Declined::Forbidden(None))
                }
                Some(_) => Ok(()),
            },
        }
    }
}

/// A command on its way to whoever answers it, with the caller, whose rights have been checked.
#[derive(Debug)]
pub struct Asked<C> {
    /// The command, with its fields.
    pub command: C,
    /// Who sent it.
    pub caller: Caller,
    /// The caller's rights in the command's room; `None` if it names none, or if the caller is not a
    /// member and need not be.
    pub standing: Option<Standing>,
}

impl<C: Command> Request for Asked<C> {
    const NAME: &'static str = C::NAME;
    type Answer = Result<C::Answer, Declined>;
}

/// Answers a command beside the bus, up to 16 at the same time for each extension.
pub trait Respond<C: Command>: Send + Sync + 'static {
    /// Answers, or says why not. It is dropped when the client's time is over.
    fn respond(
        &self,
        asked: Asked<C>,
        cx: &Cx,
    ) -> impl Future<Output = Result<C::Answer, Declined>> + Send;
}
