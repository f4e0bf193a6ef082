//! Rate limits on password attempts, on new users and on changes of profiles.

use crate::api::{Refusal, SessionId, UserId};
use crate::keyed_limiter::KeyedLimiter;
use crate::settings::Settings;
use bus::Clock;
use std::sync::Arc;

/// The rate limits, keyed by name, network, session or user.
pub(crate) struct RateLimits {
    names: KeyedLimiter,
    networks: KeyedLimiter,
    sessions: KeyedLimiter,
    guests: KeyedLimiter,
    accounts: KeyedLimiter,
    profiles: KeyedLimiter,
}

impl RateLimits {
    pub(crate) fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        let per_minute = |max| KeyedLimiter::per_minute(max, Arc::clone(clock));
        Self {
            names: per_minute(settings.attempts_per_name),
            networks: per_minute(settings.attempts_per_network),
            sessions: per_minute(settings.attempts_per_name),
            guests: per_minute(settings.guests_per_network),
            profiles: per_minute(settings.profile_changes),
            accounts: KeyedLimiter::per_hour(settings.accounts_per_network, Arc::clone(clock)),
        }
    }

    /// Counts a password attempt from this network, for any name.
    pub(crate) fn password_from_network(&self, network: &str) -> Result<(), Refusal> {
        self.networks.count(network)
    }

    /// Counts a password attempt for this name, existing or not, from any network.
    pub(crate) fn password_for_name(&self, key: &str) -> Result<(), Refusal> {
        self.names.count(key)
    }

    /// Counts a password attempt in a logged-in session. Separate from [`Self::password_for_name`],
    /// so that strangers guessing at a name do not keep its owner from changing the password.
    pub(crate) fn password_in_session(&self, session: SessionId) -> Result<(), Refusal> {
        self.sessions.count(&session.to_string())
    }

    /// Counts a new guest, or a user's first `hello` with a signed identity.
    pub(crate) fn new_guest(&self, network: &str) -> Result<(), Refusal> {
        self.guests.count(network)
    }

    /// Counts a registration.
    pub(crate) fn new_account(&self, network: &str) -> Result<(), Refusal> {
        self.accounts.count(network)
    }

    /// Counts a change of a profile, which goes to everyone who shares a room with the person.
    pub(crate) fn profile_change(&self, user: UserId) -> Result<(), Refusal> {
        self.profiles.count(&user.to_string())
    }

    /// Forgets keys without recent attempts.
    pub(crate) fn forget_old(&self) {
        let all = [
            &self.names,
            &self.networks,
            &self.sessions,
            &self.guests,
            &self.accounts,
            &self.profiles,
        ];
        all.into_iter().for_each(KeyedLimiter::forget_old);
    }
}
