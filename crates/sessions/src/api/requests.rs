//! The requests that sessions answers.

use super::{Caller, ConnectionId, Refusal, SessionId, Token, User};
use bus::Request;

/// How a client authenticates.
#[derive(Debug, Clone)]
pub enum Proof {
    /// As a new guest with this name.
    Guest(String),
    /// With the token of an existing session.
    Token(Token),
    /// With a signed identity.
    Jwt {
        /// The JWT in compact form.
        jwt: String,
        /// The token of the session to continue, if any.
        token: Option<Token>,
    },
}

/// `hello`: signs a connection in. Ordered. The connection counts as open from the commit on, until [`Disconnected`]. A
/// second one on the same connection, with a new `jwt` of the same user, extends it.
pub struct Hello {
    /// The client's authentication.
    pub proof: Proof,
    /// The connection that says hello.
    pub connection: ConnectionId,
    /// The connection's session, if it has said hello before. It never changes: a later hello for
    /// another session is refused.
    pub session: Option<SessionId>,
    /// The client's network (an address, or an IPv6 /64), whose rate limit applies to new users.
    pub from: String,
    /// The client's name for the list of devices.
    pub client: Option<String>,
}

impl Request for Hello {
    const NAME: &'static str = "sessions.hello";
    type Answer = Result<Welcome, Refusal>;
}

/// The sessions part of a `hello` reply.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// The authenticated user and session.
    pub caller: Caller,
    /// The session's token; it never changes.
    pub token: Token,
    /// Whether an existing session was resumed. (The gateway compares the epoch.)
    pub resumed: bool,
    /// When the connection ends unless extended (JWT `exp`), in milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// The store's current epoch; cursors of another one are invalid.
    pub epoch: String,
    /// What acknowledged writes survive: `power` (a power failure) or `process` (a crash).
    pub durability: &'static str,
}

/// Reports that a connection opened by [`Hello`] has closed. Ordered.
pub struct Disconnected {
    /// The connection that has closed.
    pub connection: ConnectionId,
    /// Whether the client closed with 1000 or 1001, or logged out: then the short grace period
    /// applies.
    pub clean: bool,
}

impl Request for Disconnected {
    const NAME: &'static str = "sessions.disconnected";
    type Answer = ();
}

/// Undoes an answered `hello` that the gateway could not act on. Its connection is still open and
/// may say another. Ordered.
pub struct CancelHello {
    /// The connection of the `hello`.
    pub connection: ConnectionId,
}

impl Request for CancelHello {
    const NAME: &'static str = "sessions.withdraw_hello";
    type Answer = ();
}

/// Announces that the server stops: all connected users stay marked as connected, in one write.
/// Ordered.
pub struct KeepConnected;

impl Request for KeepConnected {
    const NAME: &'static str = "sessions.keep_connected";
    type Answer = Result<(), Refusal>;
}

/// Authenticates a bearer token (HTTP). Concurrent.
pub struct Authenticate {
    /// The token from the request.
    pub token: Token,
}

impl Request for Authenticate {
    const NAME: &'static str = "sessions.authenticate";
    type Answer = Result<Caller, Refusal>;
}

/// Registers an account and starts its first session. Concurrent, since it hashes.
pub struct Register {
    /// The name, as typed.
    pub name: String,
    /// The password: 8 to 256 bytes.
    pub password: String,
    /// The invite code, needed if `registration = invite`.
    pub invite: Option<String>,
    /// The device's name for the list of devices.
    pub device: Option<String>,
    /// The client's network (an address, or an IPv6 /64), for the rate limit.
    pub from: String,
}

impl Request for Register {
    const NAME: &'static str = "sessions.register";
    type Answer = Result<(Token, User), Refusal>;
}

/// Makes an account of the caller, a guest, who keeps id, session, rooms and messages. Concurrent, since it
/// hashes. Subject to the rules and limits of [`Register`].
///
/// A repeat, with the password that the account has and no other name, changes nothing; any other request
/// of an account is refused with [`Refusal::Forbidden`].
pub struct UpgradeGuest {
    /// The user and session that ask.
    pub caller: Caller,
    /// The account's name, as typed; `None` keeps the guest's.
    pub name: Option<String>,
    /// The password: 8 to 256 bytes.
    pub password: String,
    /// The invite code, needed if `registration = invite`.
    pub invite: Option<String>,
    /// The client's network (an address, or an IPv6 /64), for the rate limit.
    pub from: String,
}

impl Request for UpgradeGuest {
    const NAME: &'static str = "sessions.upgrade";
    type Answer = Result<Upgraded, Refusal>;
}

/// An account that was a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// The account, with the guest's id.
    pub user: User,
    /// True if it was an account before.
    pub dup: bool,
}

/// Starts a session of an account. Unknown names get the same answer after the same time.
/// Concurrent.
pub struct Login {
    /// The name, as typed.
    pub name: String,
    /// The password, as typed.
    pub password: String,
    /// The device's name for the list of devices.
    pub device: Option<String>,
    /// The client's network (an address, or an IPv6 /64), for the rate limit.
    pub from: String,
}

impl Request for Login {
    const NAME: &'static str = "sessions.login";
    type Answer = Result<(Token, User), Refusal>;
}

/// Changes the caller's password and ends all their other sessions. Concurrent.
pub struct ChangePassword {
    /// The user and session that ask.
    pub caller: Caller,
    /// The current password.
    pub old: String,
    /// The new password: 8 to 256 bytes.
    pub new: String,
}

impl Request for ChangePassword {
    const NAME: &'static str = "sessions.change_password";
    type Answer = Result<(), Refusal>;
}

/// Deletes the caller's own account: everyone sees `deleted user` in its place, all its sessions
/// end, and nothing else changes. Concurrent.
pub struct DeleteAccount {
    /// The user and session that ask.
    pub caller: Caller,
    /// The current password.
    pub password: String,
}

impl Request for DeleteAccount {
    const NAME: &'static str = "sessions.delete_account";
    type Answer = Result<(), Refusal>;
}

/// Opens an account that belongs to a part of the server, such as an extension that greets people:
/// creates it, or finds it again. Ordered.
///
/// Others see it as an account that is never online. Nobody can sign in as it: it has no password, no
/// identity and no session, so [`Caller::session`] is [`SessionId::NONE`]. It never expires. The operator
/// can make it an administrator or delete it like any account. After a deletion, which
/// [`super::PeopleEnded`] reports, it leaves all its rooms, and rooms and messaging refuse its caller;
/// opening the account again creates another one. Rooms and messaging apply the limits of accounts to it,
/// but no room that people own passes to it. Rate limits are the gateway's, and so do not apply.
///
/// Refused with [`Refusal::NameTaken`] if anybody else has the name or one that looks alike, be it a
/// person or another service; with [`Refusal::BadRequest`] if it is not a valid name.
pub struct OpenServiceAccount {
    /// The stable name of the part of the server that owns the account.
    pub service: &'static str,
    /// The account's name, under the rules for all names.
    pub name: String,
}

impl Request for OpenServiceAccount {
    const NAME: &'static str = "sessions.open_service_account";
    type Answer = Result<Caller, Refusal>;
}

/// Ends the caller's own session. Ordered.
pub struct Logout {
    /// The user and session that ask.
    pub caller: Caller,
}

impl Request for Logout {
    const NAME: &'static str = "sessions.logout";
    type Answer = Result<(), Refusal>;
}

/// Ends one of the caller's sessions, or all but the current one. Ordered.
pub struct RevokeSession {
    /// The user and session that ask.
    pub caller: Caller,
    /// The session id in wire form, or `others` for all but the current one.
    pub session: String,
}

impl Request for RevokeSession {
    const NAME: &'static str = "sessions.revoke";
    type Answer = Result<(), Refusal>;
}

/// Returns a page of the caller's sessions, newest first. Concurrent.
pub struct ListSessions {
    /// The user and session that ask.
    pub caller: Caller,
    /// Start after this session, in wire form.
    pub after: Option<String>,
    /// The most sessions to return.
    pub limit: usize,
}

impl Request for ListSessions {
    const NAME: &'static str = "sessions.list";
    type Answer = Result<SessionsPage, Refusal>;
}

/// A page of a user's sessions.
#[derive(Debug, Clone)]
pub struct SessionsPage {
    /// The sessions, newest first.
    pub sessions: Vec<SessionSummary>,
    /// The `after` of the next page, if there are more.
    pub next: Option<SessionId>,
}

/// One session in the list of devices.
#[derive(Debug, Clone)]
pub struct SessionSummary {
    /// Its id, for [`RevokeSession`].
    pub session: SessionId,
    /// The device name that the client gave.
    pub device: Option<String>,
    /// When it started, in milliseconds since 1970.
    pub created_at: i64,
    /// When it was last used, in milliseconds since 1970.
    pub seen_at: i64,
    /// Whether it is marked as connected.
    pub online: bool,
    /// Whether it is the caller's.
    pub current: bool,
}
