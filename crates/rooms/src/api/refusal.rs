//! Why rooms and messaging decline; the names are those of the protocol.

/// A refusal writes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 400 `bad_request` with the field.
    BadRequest {
        /// Which field.
        field: &'static str,
        /// What is expected of it.
        expected: &'static str,
    },
    /// 400 `bad_text`.
    BadText {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// 403 `not_member` of a public room.
    NotMember,
    /// 403 `forbidden`.
    Forbidden,
    /// 403 `forbidden`: the other one has left this direct room.
    OtherLeft,
    /// 403 `muted`.
    Muted,
    /// 403 `banned`.
    Banned,
    /// 403 `not_allowed_for_guests`.
    NotAllowedForGuests,
    /// 403 `limit_reached`.
    LimitReached {
        /// Which limit.
        limit: &'static str,
    },
    /// 404 `no_such_room`, also for private ones of others.
    NoSuchRoom,
    /// 404 `no_such_message`.
    NoSuchMessage,
    /// 404 `no_such_user`.
    NoSuchUser,
    /// 409 `cid_conflict`.
    CidConflict,
    /// 409 `name_taken`.
    NameTaken {
        /// A free name like it, if one was found.
        suggest: Option<String>,
    },
}
