//! The typed commands of the protocol.

use super::error::Error;
use super::fields::Fields;
use super::ops::Op;
use messaging::api::Anchor;
use rooms::api::{History, Kind, Moderation, Role, RoomKey, Seq};
use sessions::api::{Proof, Token};

/// A command of a client. Only the types of its fields are checked.
#[derive(Debug, Clone)]
pub enum Command {
    /// `hello`: authenticates the connection.
    Hello(Box<Hello>),
    /// `join`: joins a room and subscribes to it.
    Join {
        /// Key of the room.
        room: RoomKey,
        /// The last entry that the client knows.
        after: Option<Seq>,
        /// Most entries to return; clamped to the limits.
        limit: Option<i64>,
    },
    /// `leave`: ends the membership in a room.
    Leave {
        /// Key of the room.
        room: RoomKey,
    },
    /// `send`: sends a message.
    Send {
        /// Key of the room.
        room: RoomKey,
        /// The client's own id; makes a repeated send harmless.
        cid: String,
        /// Text of the message.
        body: String,
        /// The message that it replies to.
        reply_to: Option<Seq>,
    },
    /// `edit`: replaces the text of a message.
    Edit {
        /// Key of the room.
        room: RoomKey,
        /// The `seq` of the message.
        target: Seq,
        /// The new text.
        body: String,
    },
    /// `delete`: deletes a message.
    Delete {
        /// Key of the room.
        room: RoomKey,
        /// The `seq` of the message.
        target: Seq,
    },
    /// `react`: sets or removes a reaction.
    React {
        /// Key of the room.
        room: RoomKey,
        /// The `seq` of the message.
        target: Seq,
        /// The emoji; at most 32 bytes.
        emoji: String,
        /// Whether to set or to remove it.
        on: bool,
    },
    /// `log`: reads entries of a room.
    Log {
        /// Key of the room.
        room: RoomKey,
        /// Returns entries after this one.
        after: Seq,
        /// Most entries to return; clamped to the limits.
        limit: Option<i64>,
    },
    /// `history`: reads messages of a room.
    History {
        /// Key of the room.
        room: RoomKey,
        /// Which messages to return.
        anchor: Anchor,
        /// Most messages to return; clamped to the limits.
        limit: Option<i64>,
    },
    /// `read`: moves the user's read marker.
    Read {
        /// Key of the room.
        room: RoomKey,
        /// The last entry that was read.
        seq: Seq,
    },
    /// `typing`: begins or ends typing.
    Typing {
        /// Key of the room.
        room: RoomKey,
        /// Whether typing begins or ends.
        on: bool,
    },
    /// `members`: lists the members of a room.
    Members {
        /// Key of the room.
        room: RoomKey,
        /// The `next` of the page before.
        after: Option<String>,
    },
    /// `presence`: lists who is online in a room.
    Presence {
        /// Key of the room.
        room: RoomKey,
    },
    /// `rooms`: lists rooms.
    Rooms {
        /// All public rooms instead of the user's own.
        all: bool,
        /// The `next` of the page before.
        after: Option<String>,
    },
    /// `room.create`: creates a room.
    CreateRoom {
        /// Key of a public room, title of a private one.
        name: String,
        /// Public or private; direct rooms are made by `dm`.
        kind: Kind,
        /// The topic that members see.
        topic: Option<String>,
        /// How far back new members may read.
        history: Option<History>,
        /// The client's own id; makes a repeated creation harmless.
        cid: Option<String>,
    },
    /// `room.update`: changes a room's settings.
    UpdateRoom {
        /// Key of the room.
        room: RoomKey,
        /// The title that people see.
        title: Option<String>,
        /// The topic that members see.
        topic: Option<String>,
        /// How far back new members may read.
        history: Option<History>,
        /// Public or private; direct rooms are made by `dm`.
        kind: Option<Kind>,
    },
    /// `dm`: finds or creates a direct room.
    Direct {
        /// Name or id of the other person.
        user: String,
    },
    /// `invite`, `kick`, `ban`, `unban`, `mute`, `role`.
    Moderate {
        /// Key of the room.
        room: RoomKey,
        /// Name or id of the person.
        user: String,
        /// What to do to the person.
        what: Moderation,
        /// The reason, shown in the room's log.
        reason: Option<String>,
    },
    /// `sessions`: lists the user's sessions.
    Sessions {
        /// The last session of the page before.
        after: Option<String>,
    },
    /// `session.revoke`: ends a session of the user.
    RevokeSession {
        /// Id of the session.
        session: String,
    },
    /// `logout`: ends the own session.
    Logout,
    /// `ping`: returns the server's time.
    Ping,
}

/// The fields of `hello`.
#[derive(Debug, Clone)]
pub struct Hello {
    /// The credentials, of one kind only.
    pub proof: Proof,
    /// The epoch of the store that the cursors belong to.
    pub epoch: Option<String>,
    /// The last entry that the client has applied, per room.
    pub cursors: Vec<(RoomKey, Seq)>,
    /// Whether it said `subscribe:"all"`: all rooms of the user.
    pub all: bool,
    /// Tells the session's connections apart; at most 32 characters.
    pub tab: String,
    /// The client's own name and version.
    pub client: Option<String>,
}

const KINDS: &[(&str, Kind)] = &[("public", Kind::Public), ("private", Kind::Private)];
const KIND: &str = "expected public or private";
const HISTORIES: &[(&str, History)] = &[("all", History::All), ("since_join", History::SinceJoin)];
const HISTORY: &str = "expected all or since_join";
const ROLES: &[(&str, Role)] = &[
    ("member", Role::Member),
    ("moderator", Role::Moderator),
    ("owner", Role::Owner),
];
const ROLE: &str = "expected member, moderator or owner";

impl Command {
    /// Parses the command `op` from its `d`.
    pub(crate) fn read(op: &Op, d: &Fields<'_>) -> Result<Self, Error> {
        Ok(match op.name {
            "hello" => Self::Hello(Box::new(Hello::read(d)?)),
            "join" => Self::Join {
                room: d.room()?,
                after: d.optional_integer("after")?,
                limit: d.optional_integer("limit")?,
            },
            "leave" => Self::Leave { room: d.room()? },
            "send" => Self::Send {
                room: d.room()?,
                cid: d.string("cid")?,
                body: d.string("body")?,
                reply_to: d.optional_integer("reply_to")?,
            },
            "edit" => Self::Edit {
                room: d.room()?,
                target: d.integer("target")?,
                body: d.string("body")?,
            },
            "delete" => Self::Delete {
                room: d.room()?,
                target: d.integer("target")?,
            },
            "react" => Self::React {
                room: d.room()?,
                target: d.integer("target")?,
                emoji: d.string("emoji")?,
                on: d.flag("on")?,
            },
            "log" => Self::Log {
                room: d.room()?,
                after: d.integer("after")?,
                limit: d.optional_integer("limit")?,
            },
            "history" => Self::History {
                room: d.room()?,
                anchor: anchor(d)?,
                limit: d.optional_integer("limit")?,
            },
            "read" => Self::Read {
                room: d.room()?,
                seq: d.integer("seq")?,
            },
            "typing" => Self::Typing {
                room: d.room()?,
                on: d.flag("on")?,
            },
            "members" => Self::Members {
                room: d.room()?,
                after: d.optional_string("after")?,
            },
            "presence" => Self::Presence { room: d.room()? },
            "sessions" => Self::Sessions {
                after: d.optional_string("after")?,
            },
            "session.revoke" => Self::RevokeSession {
                session: d.string("session")?,
            },
            "logout" => Self::Logout,
            "ping" => Self::Ping,
            "rooms" | "room.create" | "room.update" | "dm" => Self::read_rooms(op, d)?,
            moderation => Self::Moderate {
                room: d.room()?,
                user: d.string("user")?,
                what: moderate(moderation, d)?,
                reason: d.optional_string("reason")?,
            },
        })
    }

    fn read_rooms(op: &Op, d: &Fields<'_>) -> Result<Self, Error> {
        Ok(match op.name {
            "rooms" => Self::Rooms {
                all: d.optional_flag("all")?.unwrap_or(false),
                after: d.optional_string("after")?,
            },
            "room.create" => Self::CreateRoom {
                name: d.string("name")?,
                kind: d.word("kind", KINDS, KIND)?,
                topic: d.optional_string("topic")?,
                history: d.optional_word("history", HISTORIES, HISTORY)?,
                cid: d.optional_string("cid")?,
            },
            "room.update" => Self::UpdateRoom {
                room: d.room()?,
                title: d.optional_string("title")?,
                topic: d.optional_string("topic")?,
                history: d.optional_word("history", HISTORIES, HISTORY)?,
                kind: d.optional_word("kind", KINDS, KIND)?,
            },
            _ => Self::Direct {
                user: d.string("user")?,
            },
        })
    }

    /// Returns its row in the table of commands.
    #[must_use]
    pub fn op(&self) -> &'static Op {
        Op::by_name(self.name()).expect("every command is in the table")
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Send { .. } => "send",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::React { .. } => "react",
            Self::Log { .. } => "log",
            Self::History { .. } => "history",
            Self::Read { .. } => "read",
            Self::Typing { .. } => "typing",
            Self::Members { .. } => "members",
            Self::Presence { .. } => "presence",
            Self::Rooms { .. } => "rooms",
            Self::CreateRoom { .. } => "room.create",
            Self::UpdateRoom { .. } => "room.update",
            Self::Direct { .. } => "dm",
            Self::Moderate { what, .. } => match what {
                Moderation::Invite => "invite",
                Moderation::Kick => "kick",
                Moderation::Ban => "ban",
                Moderation::Unban => "unban",
                Moderation::Mute { .. } => "mute",
                Moderation::Role(_) => "role",
            },
            Self::Sessions { .. } => "sessions",
            Self::RevokeSession { .. } => "session.revoke",
            Self::Logout => "logout",
            Self::Ping => "ping",
        }
    }

    /// Returns the one room that it touches.
    #[must_use]
    pub fn room(&self) -> Option<RoomKey> {
        match self {
            Self::Join { room, .. }
            | Self::Leave { room }
            | Self::Send { room, .. }
            | Self::Edit { room, .. }
            | Self::Delete { room, .. }
            | Self::React { room, .. }
            | Self::Log { room, .. }
            | Self::History { room, .. }
            | Self::Read { room, .. }
            | Self::Typing { room, .. }
            | Self::Members { room, .. }
            | Self::Presence { room }
            | Self::UpdateRoom { room, .. }
            | Self::Moderate { room, .. } => Some(room.clone()),
            // The name of a public room is its key, so later commands may already use it.
            Self::CreateRoom {
                name,
                kind: Kind::Public,
                ..
            } => Some(RoomKey(name.as_str().into())),
            _ => None,
        }
    }
}

fn anchor(d: &Fields<'_>) -> Result<Anchor, Error> {
    let given = [
        d.optional_integer("before")?.map(Anchor::Before),
        d.optional_integer("after")?.map(Anchor::After),
        d.optional_integer("around")?.map(Anchor::Around),
    ];
    let mut given = given.into_iter().flatten();
    let anchor = given.next().unwrap_or(Anchor::Newest);
    match (anchor, given.next()) {
        (anchor, None) => Ok(anchor),
        (_, Some(Anchor::After(_))) => Err(Error::field("after", ONE_ANCHOR)),
        (_, Some(_)) => Err(Error::field("around", ONE_ANCHOR)),
    }
}

const ONE_ANCHOR: &str = "at most one of before, after and around";

fn moderate(op: &str, d: &Fields<'_>) -> Result<Moderation, Error> {
    Ok(match op {
        "invite" => Moderation::Invite,
        "kick" => Moderation::Kick,
        "ban" => Moderation::Ban,
        "unban" => Moderation::Unban,
        "mute" => Moderation::Mute {
            until_ms: d.integer("until_ms")?,
        },
        _ => Moderation::Role(d.word("role", ROLES, ROLE)?),
    })
}

impl Hello {
    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        let hello = Self {
            proof: proof(d)?,
            epoch: d.optional_string("epoch")?,
            cursors: d.cursors()?,
            all: d
                .optional_word("subscribe", &[("all", ())], "expected all")?
                .is_some(),
            tab: d.optional_string("tab")?.unwrap_or_default(),
            client: d.optional_string("client")?,
        };
        if hello.epoch.is_none() && !hello.cursors.is_empty() {
            return Err(Error::field("epoch", "required with cursors"));
        }
        if hello.tab.chars().count() > 32 {
            return Err(Error::field("tab", "expected at most 32 characters"));
        }
        Ok(hello)
    }
}

fn proof(d: &Fields<'_>) -> Result<Proof, Error> {
    let guest = d.optional_string("guest")?;
    let token = d.optional_string("token")?.map(Token);
    let jwt = d.optional_string("jwt")?;
    match (guest, token, jwt) {
        (Some(name), None, None) => Ok(Proof::Guest(name)),
        (None, Some(token), None) => Ok(Proof::Token(token)),
        (None, token, Some(jwt)) => Ok(Proof::Jwt { jwt, token }),
        (None, None, None) | (Some(_), ..) => Err(Error::field("guest", ONE_PROOF)),
    }
}

const ONE_PROOF: &str = "expected one of guest, token and jwt";
