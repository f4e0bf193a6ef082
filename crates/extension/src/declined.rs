//! Why a command is not carried out.

use bus::AskError;
use std::borrow::Cow;
use std::time::Duration;
use storage::StorageError;

/// A text for people.
type Text = Cow<'static, str>;

/// Why a command is not carried out; each becomes the error of that name in `docs/protocol.md`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// `bad_request`: a field is missing or has a wrong value.
    #[error("the field {field} {expected}")]
    BadField {
        /// The field's name.
        field: Text,
        /// What it must be, as in `must be a number`; it does not repeat what the client sent.
        expected: Text,
    },
    /// `bad_text`: a text breaks its rule.
    #[error("the text {field} {why}")]
    BadText {
        /// The field's name.
        field: Text,
        /// What is wrong with the text, as in `is too long`.
        why: Text,
    },
    /// `not_member`: the caller is not in the room.
    #[error("not a member of the room")]
    NotMember,
    /// `forbidden`, with a text of its own if there is one.
    #[error("forbidden")]
    Forbidden(Option<Text>),
    /// `muted`: the caller may not write in the room for now.
    #[error("muted in the room")]
    Muted,
    /// `banned`: the caller may not come back into the room.
    #[error("banned from the room")]
    Banned,
    /// `not_allowed_for_guests`: it takes an account.
    #[error("guests cannot do that")]
    NotAllowedForGuests,
    /// `limit_reached`: it would exceed a limit.
    #[error("the limit {limit} is reached")]
    LimitReached {
        /// The limit's stable name.
        limit: Text,
        /// A text that says more, if there is one.
        message: Option<Text>,
    },
    /// `no_such_room`: also for rooms that the caller may not know of.
    #[error("no such room")]
    NoSuchRoom,
    /// `no_such_message`: also for messages that the caller may not read.
    #[error("no such message")]
    NoSuchMessage,
    /// `no_such_user`: no such person, or not in this room.
    #[error("no such user")]
    NoSuchUser,
    /// `not_found`: there is no such thing of the extension's own.
    #[error("not found")]
    NotFound(Option<Text>),
    /// `conflict`: the state is another one than the caller assumes.
    #[error("conflict")]
    Conflict(Option<Text>),
    /// `rate_limited`: the caller does this too often.
    #[error("too much at once")]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// `overloaded`: nothing was done.
    #[error("overloaded")]
    Overloaded,
    /// `storage_unavailable`: nothing was done.
    #[error("the database is unavailable")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
    /// `outcome_unknown`: it may or may not have been done.
    #[error("the outcome is unknown")]
    OutcomeUnknown,
    /// `draining`: the server is stopping.
    #[error("the server is stopping")]
    Draining,
    /// `internal`: the log has the reason, the client has not.
    #[error("an error of the server")]
    Internal,
}

impl Declined {
    /// Refuses a field.
    pub fn field(field: impl Into<Text>, expected: impl Into<Text>) -> Self {
        Self::BadField {
            field: field.into(),
            expected: expected.into(),
        }
    }

    fn name_taken() -> Self {
        Self::Conflict(Some("This name is taken.".into()))
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Overloaded
                | Self::Unavailable { .. }
                | Self::OutcomeUnknown
                | Self::Draining
                | Self::Internal
        )
    }

    /// Refuses the caller, with a text for people.
    pub fn forbidden(text: impl Into<Text>) -> Self {
        Self::Forbidden(Some(text.into()))
    }
}

impl From<rooms::api::Refusal> for Declined {
    fn from(refusal: rooms::api::Refusal) -> Self {
        use rooms::api::Refusal as R;
        match refusal {
            R::BadRequest { field, expected } => Self::field(field, expected),
            R::BadText { field, why } => Self::BadText {
                field: field.into(),
                why: why.into(),
            },
            R::NotMember => Self::NotMember,
            R::Forbidden | R::OtherLeft => Self::Forbidden(None),
            R::Muted => Self::Muted,
            R::Banned => Self::Banned,
            R::NotAllowedForGuests => Self::NotAllowedForGuests,
            R::LimitReached { limit } => Self::LimitReached {
                limit: limit.into(),
                message: None,
            },
            R::NoSuchRoom => Self::NoSuchRoom,
            R::NoSuchMessage => Self::NoSuchMessage,
            R::NoSuchUser => Self::NoSuchUser,
            R::NoSuchLink => Self::NotFound(Some("The link does not work.".into())),
            R::CidConflict => Self::Conflict(Some("The cid was used with other content.".into())),
            R::NameTaken { .. } => Self::name_taken(),
        }
    }
}

/// An extension identifies nobody: what refuses an identity is an error of the extension's.
impl From<sessions::api::Refusal> for Declined {
    fn from(refusal: sessions::api::Refusal) -> Self {
        use sessions::api::Refusal as R;
        let after = Duration::from_millis;
        match refusal {
            R::BadText { field, why } => Self::BadText {
                field: field.into(),
                why: why.into(),
            },
            R::BadRequest { field, expected } => Self::field(field, expected),
            R::Forbidden | R::GuestsOff => Self::Forbidden(None),
            R::NotAllowedForGuests => Self::NotAllowedForGuests,
            R::LimitReached { limit } => Self::LimitReached {
                limit: limit.into(),
                message: None,
            },
            R::NoSuchUser => Self::NoSuchUser,
            R::NameTaken { .. } => Self::name_taken(),
            R::Overloaded { retry_after_ms } | R::RateLimited { retry_after_ms } => {
                Self::RateLimited {
                    retry_after: after(retry_after_ms),
                }
            }
            R::BadCredentials | R::TokenInvalid | R::TokenExpired => Self::Internal,
        }
    }
}

impl From<AskError> for Declined {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Overloaded => Self::Overloaded,
            AskError::Unavailable { retry_after } => Self::Unavailable { retry_after },
            AskError::OutcomeUnknown => Self::OutcomeUnknown,
            AskError::Failed => Self::Internal,
            AskError::Draining => Self::Draining,
        }
    }
}

impl From<StorageError> for Declined {
    fn from(error: StorageError) -> Self {
        Self::from(AskError::from(error))
    }
}

/// Anything else that went wrong is for the log, not for the client.
impl From<anyhow::Error> for Declined {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(error = %format_args!("{error:#}"), "a command of an extension failed");
        Self::Internal
    }
}
