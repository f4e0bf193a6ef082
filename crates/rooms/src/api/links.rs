//! Links: whoever has the code of one may join its room.

use super::{Joined, Refusal, RoomKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bus::Request;
use sessions::api::{Caller, User};
use std::fmt;

/// The secret of a link: 192 bits in URL-safe base64. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkCode(pub String);

impl fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkCode(…)")
    }
}

/// The name of a link, which opens nothing; on the wire 22 characters of URL-safe base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkId(pub [u8; 16]);

impl LinkId {
    /// Reads the wire form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().map(Self).ok()
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// A link, without its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Names it in [`RevokeLink`].
    pub id: LinkId,
    /// The person who made it.
    pub by: User,
    /// When it was made, ms since 1970.
    pub at: i64,
    /// How many people may join by it; `None` is any number.
    pub uses: Option<i64>,
    /// How many have.
    pub used: i64,
    /// When it ends, ms since 1970; `None` is never.
    pub until_ms: Option<i64>,
}

/// `link.create`: makes a link to a room. Ordered. Takes the right to invite into the room.
///
/// The same `cid` by the same maker in the same room is a repeat: it gets the same link and code if
/// `uses` and `until_ms` are the same, else [`Refusal::CidConflict`].
pub struct CreateLink {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The client's own id for the creation. Storage keeps a hash of it.
    pub cid: String,
    /// How many people may join by it: 1 to [`CreateLink::USES_MAX`]; `None` is any number.
    pub uses: Option<i64>,
    /// When it ends, ms since 1970; `None` is never.
    pub until_ms: Option<i64>,
}

impl CreateLink {
    /// The highest number of people who may join by one link that has a limit.
    pub const USES_MAX: i64 = 10_000;
}

impl Request for CreateLink {
    const NAME: &'static str = "rooms.create_link";
    type Answer = Result<LinkCreated, Refusal>;
}

/// A link that exists after the command, and its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkCreated {
    /// The link as `links` lists it.
    pub link: Link,
    /// Its code, which nothing but this answer shows.
    pub code: LinkCode,
    /// True if it was made before.
    pub dup: bool,
}

/// `link.revoke`: ends a link. Ordered. Its maker, moderators and owners may.
pub struct RevokeLink {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The link's id in wire form.
    pub link: String,
}

impl Request for RevokeLink {
    const NAME: &'static str = "rooms.revoke_link";
    type Answer = Result<LinkRevoked, Refusal>;
}

/// A link that works no more after the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkRevoked {
    /// True if it had ended before.
    pub dup: bool,
}

/// `links`: the links of a room that work, the oldest first. Concurrent. Moderators and owners see all,
/// other members their own.
#[derive(Clone)]
pub struct Links {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
}

impl Request for Links {
    const NAME: &'static str = "rooms.links";
    type Answer = Result<Vec<Link>, Refusal>;
}

/// `link.info`: the room that a code opens. Concurrent. Anyone may ask, so the answer has nothing else.
#[derive(Clone)]
pub struct FindLink {
    /// The code, as the client sent it.
    pub code: LinkCode,
}

impl Request for FindLink {
    const NAME: &'static str = "rooms.find_link";
    type Answer = Result<LinkedRoom, Refusal>;
}

/// What a stranger may know of the room that a code opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedRoom {
    /// The room's key.
    pub room: RoomKey,
    /// The name that people see.
    pub title: String,
    /// The number of members.
    pub members: u64,
}

/// `join` with a code: makes the caller a member of the link's room. Ordered.
///
/// Like [`super::JoinRoom`], but the code takes the place of an invitation, and each person who becomes a
/// member uses it once. Refused with [`Refusal::NoSuchLink`] if the code is not one of this room that
/// works, and with [`Refusal::Banned`] for a person who is banned.
pub struct JoinByLink {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The code, as the client sent it.
    pub code: LinkCode,
}

impl Request for JoinByLink {
    const NAME: &'static str = "rooms.join_by_link";
    type Answer = Result<Joined, Refusal>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_shows_in_no_log() {
        let code = LinkCode("secret".to_owned());
        assert!(!format!("{code:?}").contains("secret"));
    }

    #[test]
    fn an_id_is_read_as_it_is_shown() {
        let id = LinkId([7; 16]);
        assert_eq!(LinkId::parse(&id.to_string()), Some(id));
        for wrong in [
            "",
            "x",
            "~",
            &"A".repeat(21),
            &"A".repeat(23),
            &"ä".repeat(11),
        ] {
            assert_eq!(LinkId::parse(wrong), None, "{wrong}");
        }
    }
}
