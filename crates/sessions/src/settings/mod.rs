//! The settings of sessions.

mod rows;

use crate::jwt::JwtSettings;
use crate::presence::GracePeriods;
use std::time::Duration;

/// Who may register an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Anyone may register.
    #[default]
    Open,
    /// Only who knows the invite code may register.
    Invite,
    /// Nobody may register.
    Off,
}

/// The code required by `registration = invite`. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(pub String);

impl std::fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InviteCode(…)")
    }
}

/// The settings of sessions.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether guests may join with only a name. Default true. If false, they get `guests_off`.
    pub guests: bool,
    /// Who may register an account. Default open.
    pub registration: Registration,
    /// The code that `registration = invite` requires. Default none, with which nobody may register by
    /// invitation.
    pub invite_code: Option<InviteCode>,
    /// Whose signed identities are trusted. Default nobody's: every `jwt` gets `bad_credentials`.
    pub jwt: JwtSettings,
    /// How long a session may go unseen before it ends. Default 30 days. Too low: users must log in
    /// again after a holiday. Too high: a lost device stays logged in.
    pub session_unseen: Duration,
    /// How long a guest may go unseen before it ends. Default 7 days. Too low: guests lose their
    /// rooms over a weekend. Too high: names stay taken by guests who will not return.
    pub guest_unseen: Duration,
    /// From a clean disconnect of the last connection to offline. Default 1.5 s. Too low: a page
    /// reload shows as leaving and joining. Too high: users who left seem online.
    pub clean_grace: Duration,
    /// From the loss of the last connection, or from the server's start, to offline. Default 12 s.
    /// Too low: every tunnel and every restart shows as leaving. Too high: lost users seem online.
    pub lost_grace: Duration,
    /// Password attempts per name and minute. Default 10. Too low: a stranger locks users out by
    /// guessing at their name. Too high: passwords can be guessed.
    pub attempts_per_name: u32,
    /// Password attempts per network and minute. Default 30. Too low: offices and schools behind
    /// one address wait. Too high: one machine can try many names.
    pub attempts_per_network: u32,
    /// New guests, and new users with a signed identity, per network and minute. Default 1,000. Too
    /// low: a school behind one address has to wait. Too high: one machine fills the store and
    /// takes the names.
    pub guests_per_network: u32,
    /// New accounts per network and hour. Default 1,000. Too low: a school behind one address has
    /// to wait. Too high: one machine fills the store for ever.
    pub accounts_per_network: u32,
    /// Changes of a user's profile or picture per minute. Default 20. Too low: people who try colours
    /// wait. Too high: one user keeps everyone who shares a room busy.
    pub profile_changes: u32,
    /// Sessions per user. A further one ends the one unseen for longest; if all are connected, it
    /// is refused with `limit_reached`. Default 64. Too low: devices log each other out. Too high:
    /// one user fills the store.
    pub sessions_per_person: u32,
    /// Passwords hashed at once, each on a thread of the lowest priority. Default half of the
    /// cores, at least one. Too low: logins queue. Too high: they take processor time and 19 MiB
    /// each from everything else.
    pub hashes_at_once: usize,
    /// Passwords waiting to be hashed; further ones are refused with `overloaded`. Default 32. Too
    /// low: a morning's rush is refused. Too high: logins time out in the queue.
    pub hashes_waiting: usize,
    /// Reads answered at once. Default 8. Too low: reads wait for each other. Too high: they take
    /// every connection of the pool.
    pub reads_at_once: usize,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            guests: true,
            registration: Registration::Open,
            invite_code: None,
            jwt: JwtSettings::default(),
            session_unseen: 30 * DAY,
            guest_unseen: 7 * DAY,
            clean_grace: Duration::from_millis(1500),
            lost_grace: Duration::from_secs(12),
            attempts_per_name: 10,
            attempts_per_network: 30,
            guests_per_network: 1_000,
            accounts_per_network: 1_000,
            profile_changes: 20,
            sessions_per_person: 64,
            hashes_at_once: (cores / 2).max(1),
            hashes_waiting: 32,
            reads_at_once: 8,
        }
    }
}

impl Settings {
    pub(crate) fn grace_periods(&self) -> GracePeriods {
        GracePeriods {
            clean: self.clean_grace,
            lost: self.lost_grace,
        }
    }

    /// Raises all limits beyond reach, for load tests that run the same code.
    #[must_use]
    pub fn unlimited(self) -> Self {
        Self {
            attempts_per_name: u32::MAX,
            attempts_per_network: u32::MAX,
            guests_per_network: u32::MAX,
            accounts_per_network: u32::MAX,
            profile_changes: u32::MAX,
            sessions_per_person: u32::MAX,
            ..self
        }
    }
}
