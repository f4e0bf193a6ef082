//! What the operator decides about sessions.

use crate::jwt::JwtSettings;
use std::time::Duration;

/// Who may make an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Registration {
    /// Everyone.
    #[default]
    Open,
    /// Whoever knows the code.
    Invite(InviteCode),
    /// Nobody.
    Off,
}

/// The code that `registration = invite` asks for; `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(pub String);

impl std::fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InviteCode(…)")
    }
}

/// Everything about sessions that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether people may come in with a name alone. Default true. False: `guests_off`.
    pub guests: bool,
    /// Who may make an account. Default open.
    pub registration: Registration,
    /// Whose signed identities are trusted. Default none: every `jwt` is `bad_credentials`.
    pub jwt: Option<JwtSettings>,
    /// A session unseen for this long ends. Default 30 days. Too low: people on holiday log in
    /// again; too high: a lost device stays logged in.
    pub session_unseen: Duration,
    /// A guest unseen for this long ends. Default 7 days. Too low: guests lose their rooms over a
    /// weekend; too high: names stay taken by people who will not return.
    pub guest_unseen: Duration,
    /// From the last clean disconnect to offline. Default 1.5 s. Too low: a reload of the page
    /// shows as leaving and coming; too high: people who left seem to be there.
    pub clean_grace: Duration,
    /// From the loss of the last connection, or from the server's start, to offline. Default 12 s.
    /// Too low: every tunnel and every restart shows as leaving; too high: the dead seem alive.
    pub lost_grace: Duration,
    /// Password attempts per name and minute. Default 10. Too low: a stranger keeps people out by
    /// guessing at their name; too high: passwords can be guessed.
    pub attempts_per_name: u32,
    /// Password attempts per network and minute. Default 30. Too low: offices and schools behind
    /// one address wait; too high: one machine can try many names.
    pub attempts_per_network: u32,
    /// New guests per network and minute, and people who come with a signed identity for the first
    /// time. Default 1,000. Too low: a school behind one address waits at the door; too high: one
    /// machine fills the store and takes the names.
    pub guests_per_network: u32,
    /// New accounts per network and hour. Default 1,000. Too low: a school behind one address waits;
    /// too high: one machine fills the store for ever.
    pub accounts_per_network: u32,
    /// Sessions of one person. When a further one begins, the one that was unseen for longest ends;
    /// if all are connected, the answer is `limit_reached`. Default 64. Too low: devices push each
    /// other out; too high: one person fills the store.
    pub sessions_per_person: u32,
    /// Passwords hashed at once, each on a thread of the lowest priority. Default half of the cores,
    /// at least one. Too low: logins queue; too high: they take the processor (and 19 MiB each) from
    /// everyone else.
    pub hashes_at_once: usize,
    /// Passwords waiting to be hashed, beyond which the answer is `overloaded`. Default 32. Too
    /// low: a morning's rush is refused; too high: logins run out of time in the queue.
    pub hashes_waiting: usize,
    /// Reads answered at once. Default 8. Too low: reads queue behind each other; too high: they
    /// take every connection of the pool.
    pub reads_at_once: usize,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            guests: true,
            registration: Registration::Open,
            jwt: None,
            session_unseen: 30 * DAY,
            guest_unseen: 7 * DAY,
            clean_grace: Duration::from_millis(1500),
            lost_grace: Duration::from_secs(12),
            attempts_per_name: 10,
            attempts_per_network: 30,
            guests_per_network: 1_000,
            accounts_per_network: 1_000,
            sessions_per_person: 64,
            hashes_at_once: (cores / 2).max(1),
            hashes_waiting: 32,
            reads_at_once: 8,
        }
    }
}

impl Settings {
    /// Limits beyond reach, for load tests: the same code runs.
    #[must_use]
    pub fn unlimited(self) -> Self {
        Self {
            attempts_per_name: u32::MAX,
            attempts_per_network: u32::MAX,
            guests_per_network: u32::MAX,
            accounts_per_network: u32::MAX,
            sessions_per_person: u32::MAX,
            ..self
        }
    }
}
