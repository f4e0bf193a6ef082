//! How often strangers may try a password, and make somebody new.

use crate::api::{Refusal, SessionId};
use crate::clock::Clock;
use crate::limiter::Limiter;
use crate::settings::Settings;
use std::sync::Arc;

/// The rates of the door.
pub(crate) struct RateLimits {
    names: Limiter,
    networks: Limiter,
    sessions: Limiter,
    guests: Limiter,
    accounts: Limiter,
}

impl RateLimits {
    pub(crate) fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        let per_minute = |most| Limiter::per_minute(most, Arc::clone(clock));
        Self {
            names: per_minute(settings.attempts_per_name),
            networks: per_minute(settings.attempts_per_network),
            sessions: per_minute(settings.attempts_per_name),
            guests: per_minute(settings.guests_per_network),
            accounts: Limiter::per_hour(settings.accounts_per_network, Arc::clone(clock)),
        }
    }

    /// Counts one password from this network, at whatever name.
    pub(crate) fn password_from_network(&self, network: &str) -> Result<(), Refusal> {
        self.networks.count(network)
    }

    /// Counts one password for this name, whether anyone has it or not, from wherever.
    pub(crate) fn password_for_name(&self, key: &str) -> Result<(), Refusal> {
        self.names.count(key)
    }

    /// Counts one password given on a session that is logged in. Apart from [`Self::password_for_name`]:
    /// strangers who guess at the name must not keep its owner from changing the password.
    pub(crate) fn password_in_session(&self, session: SessionId) -> Result<(), Refusal> {
        self.sessions.count(&session.to_string())
    }

    /// Counts one new guest, or one person who comes with a signed identity for the first time.
    pub(crate) fn new_guest(&self, network: &str) -> Result<(), Refusal> {
        self.guests.count(network)
    }

    /// Counts one registration.
    pub(crate) fn new_account(&self, network: &str) -> Result<(), Refusal> {
        self.accounts.count(network)
    }

    /// Forgets those who have not tried for a while.
    pub(crate) fn forget_old(&self) {
        let all = [
            &self.names,
            &self.networks,
            &self.sessions,
            &self.guests,
            &self.accounts,
        ];
        all.into_iter().for_each(Limiter::forget_old);
    }
}
