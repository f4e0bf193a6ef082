//! The public API: ids, entries, requests, events, and the rule for texts. The log writer ([`log`]),
//! the [`catalogue`] and the [`previews`] are functions that callers run in their own transactions.

pub(crate) mod append;
pub mod catalogue;
mod entry;
mod facts;
mod floor;
mod following;
mod links;
pub mod log;
mod preferences;
pub mod previews;
mod readable;
mod refusal;
mod requests;
mod room;
pub(crate) mod standing;
pub mod text;

pub use catalogue::Invited;
pub use entry::{Change, Entry, Seq};
pub use facts::{DirectAnswered, EntriesAppended, EntriesForgotten, RoomEntries};
pub use floor::{Floor, floor};
pub use following::{FollowLog, FollowedPage, Heads, RecentHeads, RoomHead, StandingOf};
pub use links::{
    CreateLink, FindLink, JoinByLink, Link, LinkCode, LinkCreated, LinkId, LinkRevoked, LinkedRoom,
    Links, RevokeLink,
};
pub use preferences::{Preferences, PreferencesChanged, PreferencesSet, SetPreferences};
pub use readable::{Readable, ReadableRoom, ReadableRooms};
pub use refusal::Refusal;
pub use requests::{
    AnswerDirect, CreateRoom, Created, DirectRoom, Done, Invitations, JoinRoom, Joined, LeaveRoom,
    LogPage, Member, Members, MembersPage, Membership, Memberships, Moderate, Moderation,
    OpenDirect, ReadLog, UpdateRoom,
};
pub use room::{Card, History, Kind, Role, RoomId, RoomInfo, RoomKey};
