//! Converts the domain's types to the shapes of the protocol.

use super::ids::Id;
use super::time::Time;
use messaging::api::{LastMessage, Marked, Message, RoomSummary, Sent};
use rooms::api::{
    Card, Done, History, Invited, Kind, Link, LinkedRoom, Member, Preferences, Role, Seq,
};
use serde::Serialize;
use sessions::api::{PersonProfile, SessionId, SessionSummary, User, UserId};

/// The shape of a user: `{"id","name","guest"}`.
#[derive(Debug, Serialize)]
pub struct UserShape<'a> {
    id: Id<UserId>,
    name: &'a str,
    guest: bool,
}

impl<'a> From<&'a User> for UserShape<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: Id(user.id),
            name: &user.name,
            guest: user.guest,
        }
    }
}

/// Converts several users.
pub(crate) fn users<'a>(of: impl IntoIterator<Item = &'a User>) -> Vec<UserShape<'a>> {
    of.into_iter().map(UserShape::from).collect()
}

pub(crate) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Public => "public",
        Kind::Private => "private",
        Kind::Direct => "direct",
    }
}

pub(crate) const fn history(history: History) -> &'static str {
    match history {
        History::All => "all",
        History::SinceJoin => "since_join",
    }
}

pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Moderator => "moderator",
        Role::Owner => "owner",
    }
}

/// The shape of a room card.
#[derive(Debug, Serialize)]
pub struct CardShape<'a> {
    room: &'a str,
    title: &'a str,
    topic: &'a str,
    kind: &'static str,
    history: &'static str,
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<UserShape<'a>>,
}

impl<'a> From<&'a Card> for CardShape<'a> {
    fn from(card: &'a Card) -> Self {
        Self {
            room: &card.room.key.0,
            title: &card.room.title,
            topic: &card.room.topic,
            kind: kind(card.room.kind),
            history: history(card.room.history),
            role: card.role.map(role),
            with: card.with.as_ref().map(UserShape::from),
        }
    }
}

/// The reply to most writes: `{"seq","dup"}`.
#[derive(Debug, Serialize)]
pub(crate) struct DoneShape {
    seq: Seq,
    dup: bool,
}

impl From<Done> for DoneShape {
    fn from(done: Done) -> Self {
        Self {
            seq: done.seq,
            dup: done.dup,
        }
    }
}

/// The reply to `send`: `{"id","seq","at","dup"}`.
#[derive(Debug, Serialize)]
pub(crate) struct SentShape<'a> {
    id: &'a str,
    seq: Seq,
    at: Time,
    dup: bool,
}

impl<'a> From<&'a Sent> for SentShape<'a> {
    fn from(sent: &'a Sent) -> Self {
        Self {
            id: &sent.id,
            seq: sent.seq,
            at: Time(sent.at),
            dup: sent.dup,
        }
    }
}

/// The reply to `read`: `{"seq","unread","mentions"}`.
#[derive(Debug, Serialize)]
pub(crate) struct MarkedShape {
    seq: Seq,
    unread: u32,
    mentions: u32,
}

impl From<Marked> for MarkedShape {
    fn from(marked: Marked) -> Self {
        Self {
            seq: marked.seq,
            unread: marked.unread,
            mentions: marked.mentions,
        }
    }
}

/// The current state of a message.
#[derive(Debug, Serialize)]
pub(crate) struct MessageShape<'a> {
    seq: Seq,
    id: &'a str,
    author: UserShape<'a>,
    at: Time,
    cid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    mentions: Vec<UserShape<'a>>,
    reactions: Vec<ReactionShape<'a>>,
}

#[derive(Debug, Serialize)]
struct ReactionShape<'a> {
    emoji: &'a str,
    count: u32,
    mine: bool,
}

impl<'a> From<&'a Message> for MessageShape<'a> {
    fn from(message: &'a Message) -> Self {
        let reaction = |of: &'a messaging::api::Reaction| ReactionShape {
            emoji: &of.emoji,
            count: of.count,
            mine: of.mine,
        };
        Self {
            seq: message.seq,
            id: &message.id,
            author: (&message.author).into(),
            at: Time(message.at),
            cid: &message.cid,
            body: message.body.as_deref(),
            deleted: message.body.is_none(),
            edited_at: message.edited_at.map(Time),
            edited_seq: message.edited_seq,
            reply_to: message.reply_to,
            mentions: users(&message.mentions),
            reactions: message.reactions.iter().map(reaction).collect(),
        }
    }
}

/// An item of `members`.
#[derive(Debug, Serialize)]
pub(crate) struct MemberShape<'a> {
    user: UserShape<'a>,
    role: &'static str,
    online: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<Time>,
}

impl<'a> From<&'a Member> for MemberShape<'a> {
    fn from(member: &'a Member) -> Self {
        Self {
            user: (&member.user).into(),
            role: role(member.role),
            online: member.online,
            muted_until: member.muted_until.map(Time),
        }
    }
}

/// An item of `rooms`.
#[derive(Debug, Serialize)]
pub(crate) struct RoomShape<'a> {
    card: CardShape<'a>,
    head: Seq,
    read: Seq,
    unread: u32,
    mentions: u32,
    /// Left out when true.
    #[serde(skip_serializing_if = "is_true")]
    answered: bool,
    /// Left out when nothing is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefs: Option<PreferencesShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastMessageShape<'a>>,
}

/// What one wants of a room: `{"quiet_until_ms","favourite"}`.
#[derive(Debug, Serialize)]
pub(crate) struct PreferencesShape {
    quiet_until_ms: i64,
    favourite: bool,
}

impl From<Preferences> for PreferencesShape {
    fn from(preferences: Preferences) -> Self {
        Self {
            quiet_until_ms: preferences.quiet_until,
            favourite: preferences.favourite,
        }
    }
}

/// The newest message of a room in `rooms`.
#[derive(Debug, Serialize)]
struct LastMessageShape<'a> {
    seq: Seq,
    id: &'a str,
    author: UserShape<'a>,
    at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<&'a str>,
    edited: bool,
    deleted: bool,
}

impl<'a> From<&'a LastMessage> for LastMessageShape<'a> {
    fn from(last: &'a LastMessage) -> Self {
        Self {
            seq: last.seq,
            id: &last.id,
            author: (&last.author).into(),
            at: Time(last.at),
            preview: last.preview.as_deref(),
            edited: last.edited,
            deleted: last.preview.is_none(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_true(truth: &bool) -> bool {
    *truth
}

impl<'a> From<&'a RoomSummary> for RoomShape<'a> {
    fn from(line: &'a RoomSummary) -> Self {
        Self {
            card: (&line.card).into(),
            head: line.head,
            read: line.read,
            unread: line.unread,
            mentions: line.mentions,
            answered: line.answered,
            prefs: (line.preferences != Preferences::default()).then(|| line.preferences.into()),
            last: line.last.as_ref().map(LastMessageShape::from),
        }
    }
}

/// An item of `invitations` in `rooms`.
#[derive(Debug, Serialize)]
pub(crate) struct InvitationShape<'a> {
    card: CardShape<'a>,
    by: UserShape<'a>,
    seq: Seq,
}

impl<'a> From<&'a Invited> for InvitationShape<'a> {
    fn from(invited: &'a Invited) -> Self {
        Self {
            card: (&invited.card).into(),
            by: (&invited.by).into(),
            seq: invited.seq,
        }
    }
}

/// An item of `links`.
#[derive(Debug, Serialize)]
pub(crate) struct LinkShape<'a> {
    link: String,
    by: UserShape<'a>,
    at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<i64>,
    used: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
}

impl<'a> From<&'a Link> for LinkShape<'a> {
    fn from(link: &'a Link) -> Self {
        Self {
            link: link.id.to_string(),
            by: (&link.by).into(),
            at: Time(link.at),
            uses: link.uses,
            used: link.used,
            until_ms: link.until_ms,
        }
    }
}

/// What the code of a link shows of its room: `{"room","title","members"}`.
#[derive(Debug, Serialize)]
pub(crate) struct LinkedRoomShape<'a> {
    room: &'a str,
    title: &'a str,
    members: u64,
}

impl<'a> From<&'a LinkedRoom> for LinkedRoomShape<'a> {
    fn from(linked: &'a LinkedRoom) -> Self {
        Self {
            room: &linked.room.0,
            title: &linked.title,
            members: linked.members,
        }
    }
}

/// A person's profile: `{"user","display"?,"colour"?,"picture"?}`.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileShape<'a> {
    user: UserShape<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

impl<'a> From<&'a PersonProfile> for ProfileShape<'a> {
    fn from(person: &'a PersonProfile) -> Self {
        let profile = &person.profile;
        Self {
            user: (&person.user).into(),
            display: profile.display.as_deref(),
            colour: profile.colour.as_deref(),
            picture: profile.picture.map(|hash| hash.to_string()),
        }
    }
}

/// An item of `sessions`.
#[derive(Debug, Serialize)]
pub(crate) struct SessionShape<'a> {
    session: Id<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    created_at: Time,
    seen_at: Time,
    online: bool,
    current: bool,
}

impl<'a> From<&'a SessionSummary> for SessionShape<'a> {
    fn from(line: &'a SessionSummary) -> Self {
        Self {
            session: Id(line.session),
            device: line.device.as_deref(),
            created_at: Time(line.created_at),
            seen_at: Time(line.seen_at),
            online: line.online,
            current: line.current,
        }
    }
}
