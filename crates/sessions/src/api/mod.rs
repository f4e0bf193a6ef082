//! The public API: ids, requests, events, and functions to run inside a caller's own transaction.

mod blank;
pub mod directory;
mod facts;
mod ids;
mod online_users;
pub mod operator;
mod profile;
mod requests;
pub mod text;
mod user;

pub use crate::name::is_name_character;
pub use blank::is_blank;
pub use facts::{
    EndReason, EpochChanged, GuestExpired, GuestsUpgraded, PeopleEnded, PeopleForgettable,
    PresenceChanged, PresenceLoaded, SessionEnded, StoreReachable, UserRenamed,
};
pub use ids::{ConnectionId, NotAnId, SessionId, UserId};
pub use online_users::OnlineUsers;
pub use profile::{
    PersonProfile, Picture, PictureHash, PictureKind, Profile, ProfileChanged, ProfileSet,
    ReadPicture, ReadProfiles, SetPicture, SetProfile,
};
pub use requests::{
    Authenticate, CancelHello, ChangePassword, DeleteAccount, Disconnected, Hello, KeepConnected,
    ListSessions, Login, Logout, OpenServiceAccount, Proof, Register, RevokeSession,
    SessionSummary, SessionsPage, UpgradeGuest, Upgraded, Welcome,
};
pub use user::{Caller, Refusal, Token, User};
