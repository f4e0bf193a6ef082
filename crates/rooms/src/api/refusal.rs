//! The reasons why rooms and messaging refuse a command, named as in the protocol.

/// Why a command was refused. A refused command has written nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 400 `bad_request`: a field has a wrong value.
    BadRequest {
        /// The field's name in the command.
        field: &'static str,
        /// The value that the field should have, for people.
        expected: &'static str,
    },
    /// 400 `bad_text`: a text breaks its rule.
    BadText {
        /// The field's name in the command.
        field: &'static str,
        /// What is wrong with the text, for people.
        why: &'static str,
    },
    /// 403 `not_member`: the caller is not a member of this public room.
    NotMember,
    /// 403 `forbidden`: the caller's role does not allow it.
    Forbidden,
    /// 403 `forbidden`: the other person has left this direct room.
    OtherLeft,
    /// 403 `muted`: the caller is muted in this room.
    Muted,
    /// 403 `banned`: the caller is banned from this room.
    Banned,
    /// 403 `not_allowed_for_guests`: it takes an account.
    NotAllowedForGuests,
    /// 403 `limit_reached`: it would exceed a limit.
    LimitReached {
        /// The limit's name in the protocol.
        limit: &'static str,
    },
    /// 404 `no_such_room`: also for rooms that the caller may not know about.
    NoSuchRoom,
    /// 404 `no_such_message`: also for messages that the caller may not read.
    NoSuchMessage,
    /// 404 `no_such_user`: no such person, or not in this room.
    NoSuchUser,
    /// 404 `no_such_link`: no such link, or one that works no more, or not here.
    NoSuchLink,
    /// 409 `cid_conflict`: the `cid` was used before, with other content.
    CidConflict,
    /// 409 `name_taken`: a public room with this key exists.
    NameTaken {
        /// A similar key that is free, if one was found.
        suggest: Option<String>,
    },
}
