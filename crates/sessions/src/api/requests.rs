//! What sessions answers.

use super::{Caller, ConnectionId, Refusal, SessionId, Token, User};
use bus::Request;

/// What a client offers to be let in.
#[derive(Debug, Clone)]
pub enum Proof {
    /// A new guest by this name.
    Guest(String),
    /// A session that exists.
    Token(Token),
    /// A signed identity, with the token of the session it continues.
    Jwt {
        /// The compact form.
        jwt: String,
        /// The session it continues, if any.
        token: Option<Token>,
    },
}

/// `hello`. Ordered. The connection counts as open from its commit on, until [`Disconnected`].
/// A second one on the same connection (a new `jwt` of the same user) extends its life.
pub struct Hello {
    /// Who.
    pub proof: Proof,
    /// On which connection.
    pub connection: ConnectionId,
    /// The session this connection speaks for already, if it has said hello before. It never
    /// changes: a later hello that names another session is refused.
    pub session: Option<SessionId>,
    /// The client's network (an address, or an IPv6 /64), which pays for a new person.
    pub from: String,
    /// What the client calls itself, for the list of devices.
    pub client: Option<String>,
}

impl Request for Hello {
    const NAME: &'static str = "sessions.hello";
    type Answer = Result<Welcome, Refusal>;
}

/// The sessions part of a `hello` reply.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// Who this is.
    pub caller: Caller,
    /// Of this session, the same for its whole life.
    pub token: Token,
    /// True when a token named a living session (the epoch is the gateway's to compare).
    pub resumed: bool,
    /// When the connection must end unless extended, ms since 1970 (JWT `exp`).
    pub expires_at: Option<i64>,
    /// The store's epoch.
    pub epoch: String,
    /// `power` or `process`.
    pub durability: &'static str,
}

/// Which connections of a user are open on this node: stated by `Hello`, ended by this. Ordered.
/// `clean`: the client closed with 1000 or 1001, or logged out.
pub struct Disconnected {
    /// Which.
    pub connection: ConnectionId,
    /// A short grace, not the long one.
    pub clean: bool,
}

impl Request for Disconnected {
    const NAME: &'static str = "sessions.disconnected";
    type Answer = ();
}

/// A `hello` that was answered is taken back, because the gateway could not follow it. Its connection
/// is still there and may say another. Ordered.
pub struct CancelHello {
    /// On which connection.
    pub connection: ConnectionId,
}

impl Request for CancelHello {
    const NAME: &'static str = "sessions.withdraw_hello";
    type Answer = ();
}

/// The server stops: everyone who is connected stays marked as connected, in one write. Ordered.
pub struct KeepConnected;

impl Request for KeepConnected {
    const NAME: &'static str = "sessions.keep_connected";
    type Answer = Result<(), Refusal>;
}

/// Who a bearer token stands for (HTTP). Concurrent.
pub struct Authenticate {
    /// The token.
    pub token: Token,
}

impl Request for Authenticate {
    const NAME: &'static str = "sessions.authenticate";
    type Answer = Result<Caller, Refusal>;
}

/// A new account and its first session. Concurrent (hashing happens beside the queue).
pub struct Register {
    /// Wanted name.
    pub name: String,
    /// 8–256 bytes.
    pub password: String,
    /// What `registration = invite` asks for.
    pub invite: Option<String>,
    /// For the list of devices.
    pub device: Option<String>,
    /// The caller's network (address, or /64), for the attempt limit.
    pub from: String,
}

impl Request for Register {
    const NAME: &'static str = "sessions.register";
    type Answer = Result<(Token, User), Refusal>;
}

/// A new session of an account. Same answer and time for unknown names. Concurrent.
pub struct Login {
    /// Name as typed.
    pub name: String,
    /// As typed.
    pub password: String,
    /// For the list of devices.
    pub device: Option<String>,
    /// The caller's network (address, or /64), for the attempt limit.
    pub from: String,
}

impl Request for Login {
    const NAME: &'static str = "sessions.login";
    type Answer = Result<(Token, User), Refusal>;
}

/// A new password; all other sessions of the account end. Concurrent.
pub struct ChangePassword {
    /// Who.
    pub caller: Caller,
    /// The present one.
    pub old: String,
    /// 8–256 bytes.
    pub new: String,
}

impl Request for ChangePassword {
    const NAME: &'static str = "sessions.change_password";
    type Answer = Result<(), Refusal>;
}

/// Deletes the caller's own account: everyone sees `deleted user` in its place, all its sessions
/// end, nothing else changes. Concurrent.
pub struct DeleteAccount {
    /// Who.
    pub caller: Caller,
    /// The present one.
    pub password: String,
}

impl Request for DeleteAccount {
    const NAME: &'static str = "sessions.delete_account";
    type Answer = Result<(), Refusal>;
}

/// Ends the caller's own session. Ordered.
pub struct Logout {
    /// Who.
    pub caller: Caller,
}

impl Request for Logout {
    const NAME: &'static str = "sessions.logout";
    type Answer = Result<(), Refusal>;
}

/// Ends another session of the caller, or all others. Ordered.
pub struct RevokeSession {
    /// Who.
    pub caller: Caller,
    /// Which, as the wire gives it; `others`: all but the one that asks.
    pub session: String,
}

impl Request for RevokeSession {
    const NAME: &'static str = "sessions.revoke";
    type Answer = Result<(), Refusal>;
}

/// A page of the caller's sessions, newest first. Concurrent.
pub struct ListSessions {
    /// Who.
    pub caller: Caller,
    /// From below this session on, as the wire gives it.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl Request for ListSessions {
    const NAME: &'static str = "sessions.list";
    type Answer = Result<SessionsPage, Refusal>;
}

/// Some of a person's sessions.
#[derive(Debug, Clone)]
pub struct SessionsPage {
    /// Newest first.
    pub lines: Vec<SessionSummary>,
    /// The last of them, if there are more.
    pub next: Option<SessionId>,
}

/// One device.
#[derive(Debug, Clone)]
pub struct SessionSummary {
    /// Which.
    pub session: SessionId,
    /// What it called itself.
    pub device: Option<String>,
    /// ms since 1970.
    pub created_at: i64,
    /// ms since 1970.
    pub seen_at: i64,
    /// A connection is open now.
    pub online: bool,
    /// It is the one asking.
    pub current: bool,
}
